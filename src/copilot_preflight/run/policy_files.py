"""Files with policies -> what is provided to a run.

A file holds a policy document, in JSON or YAML, or what the AWS CLI prints around one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.layers import PolicySet
from copilot_preflight.iam.policy import Fact, Statement
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError, kind_of
from copilot_preflight.read.schema import nearest
from copilot_preflight.resolve.outside import Outside, ProvidedPolicy
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value, function_of


class Kind(NamedTuple):
    """What a policy is of.

    ``principals`` is whether its statements must name principals, or must not; None where the first
    statement shows it. ``resources`` is whether every statement must name resources.
    """

    name: str
    principals: bool | None
    resources: bool = False


_MANAGED: Final = Kind("managed policy", principals=False)
_RESOURCE: Final = Kind("policy of a resource", principals=True)
_NAMED: Final = Kind("policy", principals=None)
_SCP: Final = Kind("service control policy", principals=False)
_RCP: Final = Kind("resource control policy", principals=True)

_NAME: Final = re.compile(r"alias/[\w/-]+|[\w+,.@-]{1,128}", re.ASCII)

_ARNS: Final = (
    ("iam", re.compile(r"policy/[\w+=,.@/-]+", re.ASCII), _MANAGED),
    ("s3", re.compile(r"[\w.-]+", re.ASCII), _RESOURCE),
    ("kms", re.compile(r"(?:key|alias)/[\w/-]+", re.ASCII), _RESOURCE),
    ("secretsmanager", re.compile(r"secret:[\w/+=.@-]+", re.ASCII), _RESOURCE),
    ("ecr", re.compile(r"repository/[\w./-]+", re.ASCII), _RESOURCE),
    ("elasticfilesystem", re.compile(r"file-system/fs-[0-9a-f]+", re.ASCII), _RESOURCE),
)
"""Service, resource and kind of the ARNs under which a policy can be given."""

NO_POLICY: Final = "none"
"""Stands in place of a file: the resource has no policy of its own."""

_KEY_ID: Final = re.compile(r"alias/.*|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]+")


class PolicyReader:
    """Reads files with policies. Those that cannot be used end up in ``faults``."""

    def __init__(self, read: document.Read = document.read) -> None:
        self.faults: list[DocumentError] = []
        self.documents: dict[str, Document] = {}
        self._read = read

    def outside(
        self,
        policies: Iterable[tuple[str, Path]],
        scps: Iterable[Sequence[Path]] = (),
        rcps: Iterable[Sequence[Path]] = (),
    ) -> Outside:
        """What a run is handed: policies by name or ARN, and the levels of the organization."""
        return Outside(
            tuple(self._named(policies)),
            tuple(_with_full_access(self._level(level, _SCP)) for level in scps),
            tuple(self._level(level, _RCP) for level in rcps),
        )

    def _named(self, policies: Iterable[tuple[str, Path]]) -> Iterator[ProvidedPolicy]:
        seen: set[str] = set()
        for name, path in policies:
            kind = _kind_of(name)
            if kind is None or name in seen:
                message = f"'{name}' is given twice" if name in seen else _MALFORMED.format(name)
                self.faults.append(DocumentError("--policy", 0, 0, message))
                continue
            seen.add(name)
            if str(path) == NO_POLICY:
                yield from self._without(name, kind)
                continue
            found = self._policy(path, kind)
            if found is not None:
                has_principals = _has_principals(_statements(found.raw)[0])
                yield ProvidedPolicy(name, found, statements_of(found, name), has_principals)

    def _without(self, name: str, kind: Kind) -> Iterator[ProvidedPolicy]:
        """What it means that something has no policy.

        A key always has one: without one of its own, that which leaves access to IAM.
        Source: https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        """
        own = arn.parse(Text.of(name))
        message = ""
        if kind is _MANAGED:
            message = f"'{name}={NO_POLICY}': a managed policy cannot be without a policy"
        elif own is None and _KEY_ID.fullmatch(name):
            message = f"'{name}={NO_POLICY}': name the key by its ARN, which shows its account"
        if message:
            self.faults.append(DocumentError("--policy", 0, 0, message))
            return
        statements: list[dict[str, Any]] = []
        if own is not None and own.service.literal == "kms":
            root = f"arn:{own.partition}:iam::{own.account}:root"
            default = {"Action": "kms:*", "Resource": "*", "Principal": {"AWS": root}}
            statements.append({"Effect": "Allow", **default})
        document = Value(Plain("--policy"), {"Statement": statements}, ())
        yield ProvidedPolicy(name, document, statements_of(document, name), has_principals=True)

    def of_buckets(self, policies: Iterable[tuple[str, Path]]) -> Iterator[ProvidedPolicy]:
        """The policies of buckets, by their names."""
        for name, path in policies:
            if str(path) == NO_POLICY:
                yield from self._without(name, _RESOURCE)
                continue
            found = self._policy(path, _RESOURCE)
            if found is not None:
                yield ProvidedPolicy(name, found, statements_of(found, name), has_principals=True)

    def _level(self, paths: Iterable[Path], kind: Kind) -> PolicySet:
        """The policies of one level; one that cannot be read may say anything."""
        statements: list[Statement] = []
        unread: list[Fact] = []
        for path in paths:
            found = self._policy(path, kind)
            if found is None:
                unread.append(Fact("document", f"{kind.name} '{path}'"))
            else:
                statements += statements_of(found, str(path))
        return PolicySet(tuple(statements), tuple(unread))

    def _policy(self, path: Path, kind: Kind) -> Value | None:
        file = str(path)
        try:
            if file not in self.documents:
                self.documents[file] = self._read(path, file)
            return _unwrapped(self.documents[file], kind)
        except DocumentError as fault:
            self.faults.append(fault)
            return None


_MALFORMED: Final = (
    "'{}' is no name or ARN of a managed policy, bucket or key, nor the ARN of a secret, "
    "repository or file system"
)


def is_policy_name(name: str) -> bool:
    """Whether a policy can be provided under a name or ARN."""
    return _kind_of(name) is not None


def _kind_of(name: str) -> Kind | None:
    """What a policy is of, by the name or ARN under which it is provided; None: of nothing."""
    if not name.startswith("arn:"):
        return _NAMED if _NAME.fullmatch(name) else None
    parsed = arn.parse(Text.of(name))
    if parsed is None or not parsed.partition.literal:
        return None
    for service, resource, kind in _ARNS:
        if service == parsed.service.literal and resource.fullmatch(parsed.resource.literal or ""):
            return kind
    return None


def _with_full_access(level: PolicySet) -> PolicySet:
    """A level as it works: where no policy of it allows anything, FullAWSAccess is there too.

    AWS attaches it by itself to every level, and without any Allow nothing at all could be called
    below. It is seldom thought of as one of one's own policies.
    Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
    """
    if level.unread or any(statement.effect == "Allow" for statement in level.statements):
        return level
    raw = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    file = level.statements[0].place.file if level.statements else ""
    full = statements_of(Value(Plain(file), raw, ()), "FullAWSAccess")
    return PolicySet((*level.statements, *full))


# --- documents --------------------------------------------------------------------------------


_WRAPPERS: Final = (
    "PolicyVersion", "Document", "Policy", "Content", "ResourcePolicy", "policyText",
)  # fmt: skip
"""Where a policy stands in what the AWS CLI prints.

``PolicyVersion.Document`` of ``aws iam get-policy-version``, ``Policy`` of ``aws s3api
get-bucket-policy`` and ``aws kms get-key-policy``, ``Policy.Content`` of ``aws organizations
describe-policy``, ``ResourcePolicy`` of ``aws secretsmanager get-resource-policy``, ``policyText``
of ``aws ecr get-repository-policy``. All but the first hold it as a string.
Source: https://docs.aws.amazon.com/cli/latest/reference/ (each command's "Output").
"""


def _unwrapped(found: Document, kind: Kind) -> Value:
    """The policy in a document, checked. Raises DocumentError.

    Places in a policy that is itself a string are those of the string: there is no node at their
    paths, and the string is the nearest that there is.
    """
    data: Any = found.data
    path: DataPath = ()
    while not (isinstance(data, dict) and "Statement" in data):
        if isinstance(data, str):
            data = _parsed(found, data, path)
            if isinstance(data, str):
                break
            continue
        inside = [key for key in _WRAPPERS if isinstance(data, dict) and key in data]
        if not inside:
            break
        data, path = data[inside[0]], (*path, inside[0])
    if not isinstance(data, dict) or "Statement" not in data:
        message = "no policy here: it must be a map that has Statement, or the AWS CLI's output"
        raise found.fault(path, message)
    check_statements(found, data["Statement"], (*path, "Statement"), kind)
    return Value(Plain(found.file), data, path)


def _parsed(found: Document, text: str, path: DataPath) -> Any:
    try:
        return document.parse(text, found.file).data
    except DocumentError as fault:
        raise found.fault(path, f"the policy in this string is broken: {fault.message}") from None


def _statements(data: Any) -> list[Any]:
    statements = data["Statement"]
    return statements if isinstance(statements, list) else [statements]


def _has_principals(statement: dict[str, Any]) -> bool:
    return "Principal" in statement or "NotPrincipal" in statement


def check_statements(found: Document, data: Any, path: DataPath, kind: Kind) -> None:
    """Refuses a policy's Statement, at a path of a document, where AWS would. Raises DocumentError.

    AWS calls it MalformedPolicyDocument.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    """
    _Checker(found, kind).check(data, path)


class _Checker:
    """Refuses what AWS would refuse, lest a misspelt policy be taken for one that denies."""

    def __init__(self, found: Document, kind: Kind) -> None:
        self._found = found
        self._kind = kind
        self._principals = kind.principals

    def check(self, data: Any, path: DataPath) -> None:
        """Raises DocumentError for the first thing that is wrong with a policy's Statement."""
        if isinstance(data, list):
            for index, statement in enumerate(data):
                self._statement(statement, (*path, index))
            if not data:
                raise self._found.fault(path, "a policy must have at least one statement")
        else:
            self._statement(data, path)

    def _statement(self, statement: Any, path: DataPath) -> None:
        if not isinstance(statement, dict) or function_of(statement):
            raise self._wrong(statement, path, "a map")
        for key, value in statement.items():
            self._element(key, value, (*path, key))
        if statement.get("Effect") not in ("Allow", "Deny"):
            raise self._wrong_effect(statement, path)
        if not statement.keys() & {"Action", "NotAction"}:
            raise self._found.fault(path, "a statement must have Action or NotAction")
        if self._kind.resources and not statement.keys() & {"Resource", "NotResource"}:
            raise self._found.fault(path, "a statement must have Resource or NotResource")
        has = _has_principals(statement)
        if self._principals is None:
            self._principals = has
        if self._principals and not has:
            raise self._found.fault(path, f"a {self._kind.name} must say of whom: no Principal")
        if has and not self._principals:
            raise self._found.fault(path, f"a {self._kind.name} cannot have a Principal")

    def _wrong_effect(self, statement: dict[str, Any], path: DataPath) -> DocumentError:
        if "Effect" not in statement:
            return self._found.fault(path, "Effect must be Allow or Deny, and there is none")
        effect = statement["Effect"]
        found = f"'{effect}'" if isinstance(effect, str) else kind_of(effect)
        like = nearest(str(effect).capitalize(), ("Allow", "Deny"))
        message = f"Effect must be Allow or Deny, found {found}{like}"
        return self._found.fault((*path, "Effect"), message)

    def _element(self, key: str, value: Any, path: DataPath) -> None:
        if key not in _ELEMENTS:
            at = self._found.span(path, key=True).start
            message = f"'{key}' is no element of a policy's statement{nearest(key, _ELEMENTS)}"
            raise DocumentError(self._found.file, at.line, at.column, message)
        if key == "Condition":
            for operator, block in self._map(value, path):
                for name, values in self._map(block, (*path, operator)):
                    self._strings(values, (*path, operator, name))
        elif key.endswith("Principal") and isinstance(value, dict):
            for kind, names in self._map(value, path):
                self._strings(names, (*path, kind))
        else:
            self._strings(value, path)

    def _map(self, value: Any, path: DataPath) -> Iterable[tuple[str, Any]]:
        if not isinstance(value, dict) or function_of(value):
            raise self._wrong(value, path, "a map")
        return value.items()

    def _strings(self, value: Any, path: DataPath) -> None:
        several = isinstance(value, list)
        for index, item in enumerate(value if several else [value]):
            if item is None or isinstance(item, (dict, list)):
                raise self._wrong(item, (*path, index) if several else path, "a string")

    def _wrong(self, value: Any, path: DataPath, wanted: str) -> DocumentError:
        function = function_of(value)
        if function is None:
            return self._found.fault(path, f"must be {wanted}, found {kind_of(value)}")
        message = f"{function} means nothing outside a template: write out what it returns"
        return self._found.fault(path, message)


_ELEMENTS: Final = frozenset(
    {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource",
        "NotResource", "Condition",
    }
)  # fmt: skip
"""Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html"""
