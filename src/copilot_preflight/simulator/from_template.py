"""A role out of a CloudFormation template, with the policies of what it calls for.

Values that the template leaves open stay open: an answer that depends on one is undetermined.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from copilot_preflight.access.request import Call
from copilot_preflight.access.resource_policies import ResourcePolicy, resource_policy
from copilot_preflight.base.finding import InputError
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.iam.layers import PolicySet
from copilot_preflight.iam.policy import Fact
from copilot_preflight.inputs import template_shape
from copilot_preflight.inputs.package import Loader
from copilot_preflight.model.buckets import buckets
from copilot_preflight.model.file_systems import file_systems
from copilot_preflight.model.keys import keys
from copilot_preflight.model.repositories import repositories
from copilot_preflight.model.roles import Role, roles
from copilot_preflight.needs.need import Need, NeededCall
from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError
from copilot_preflight.read.schema import nearest
from copilot_preflight.resolve import hints
from copilot_preflight.resolve.run import Run
from copilot_preflight.resolve.value import Value
from copilot_preflight.resolve.view import View
from copilot_preflight.run.no_echo import hidden_in
from copilot_preflight.run.options import Options
from copilot_preflight.run.outside_files import Given
from copilot_preflight.simulator.refusals import BadInput, Word

_VARIABLE: Final = re.compile(r"\$\{\s*([^!}][^}]*?)\s*\}")
_PSEUDO: Final = frozenset(
    f"AWS::{name}"
    for name in ("AccountId", "Partition", "Region", "StackId", "StackName", "URLSuffix")
)
_NAMED: Final = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::ECR::Repository", "AWS::IAM::Role")
"""Types of which Ref returns a name and no ARN."""


class Deployment(NamedTuple):
    """What a template is deployed with, in the words of ``copilot-preflight check``.

    ``resources`` are those that are asked for: they show the partition, where nothing else does.
    """

    params: Sequence[Path] = ()
    parameters: Mapping[str, str] = MappingProxyType({})
    region: str = ""
    account: str = ""
    resources: Sequence[str] = ()


class TemplateRole:
    """A role of a template, for `simulate`."""

    def __init__(self, view: View, role: Role) -> None:
        self._view = view
        self._role = role
        self.arn = role.arn
        self.identity = PolicySet(role.statements, role.unread)

    def without_secrets(self, results: list[Any]) -> list[Any]:
        """Results without the values of NoEcho parameters, such as the name of a policy."""
        hidden = hidden_in(self._view.run.stacks)

        def shown(node: Any) -> Any:
            if isinstance(node, dict):
                return {key: shown(value) for key, value in node.items()}
            if isinstance(node, list):
                return [shown(value) for value in node]
            return hidden.text(node) if isinstance(node, str) else node

        return [shown(it) for it in results] if hidden else results

    @property
    def boundary(self) -> PolicySet | None:
        """The permissions boundary; one that the template does not hold is open."""
        found = self._role.boundary
        if found is None:
            return None
        if self._role.undecided:
            return PolicySet(unread=(Fact("condition", self._role.undecided),))
        if found.statements is None:
            return PolicySet(unread=(Fact("boundary", str(found.arn)),))
        return PolicySet(found.statements)

    def resource(self, word: Word) -> Text:
        """A resource as ``Fn::Sub`` would write it: ``${Bucket.Arn}/web.env``."""
        data = self._view.stack.data
        known = [*(data.get("Parameters") or ()), *(data.get("Resources") or ()), *_PSEUDO]
        for name in _VARIABLE.findall(word.text):
            own = name if name in _PSEUDO else name.partition(".")[0]
            if own not in known:
                raise word.fault(
                    f"'{self._view.file}' has no resource or parameter '{own}'{nearest(own, known)}"
                )
        whole = _VARIABLE.fullmatch(word.text)
        if whole and (data["Resources"].get(whole[1]) or {}).get("Type") in _NAMED:
            name = whole[1]
            raise word.fault(f"'{word.text}' is the name of '{name}': its ARN is ${{{name}.Arn}}")
        found = self._view.text({"Fn::Sub": word.text}, ())
        if arn.parse(found) is None and found.only_hole is None:
            shown = hidden_in(self._view.run.stacks).text(str(found))
            raise word.fault(f"'{word.text}' is '{shown}' in '{self._view.file}', which is no ARN")
        return found

    def policy_of(self, action: str, resource: Text) -> ResourcePolicy:
        """The policy, by the template, of what a call acts on; open where it may be another's."""
        why = "asked for on the command line"
        found = resource_policy(
            Call(self._need, self._role, NeededCall(action, resource, because=why))
        )
        unread = tuple(self._namesakes(action.partition(":")[0], resource))
        said = found.policy
        if unread:
            said = PolicySet(said.statements if said is not None else (), unread)
        # What lies outside the template has no policy unless one is given, as in AWS's simulator.
        elif found.unseen and (said is None or not said.statements):
            said = None
        return found._replace(policy=said)

    @property
    def _need(self) -> Need:
        view = self._view
        value = Value(view.resolver, {}, self._role.place.path)
        return Need("simulated", view, value, "", "", role_value=None, calls=())

    def _namesakes(self, service: str, resource: Text) -> Iterator[Fact]:
        """Resources with a policy that a written-out ARN may or may not stand for.

        AWS makes up their names, or they depend on values that are not known.
        """
        if resource.literal is None:
            return
        asked = arn.parse_s3(resource) if service == "s3" else None
        name = asked.bucket if asked is not None else resource
        for logical_id, own in self._with_policies(service):
            same = own.equals(name)
            if same:
                return  # no two resources share a name
            if same is None:
                what = f"whether '{name}' is '{logical_id}' of the template"
                yield Fact("resource-policy", what)

    def _with_policies(self, service: str) -> Iterator[tuple[str, Text]]:
        """Logical id and ARN, of a bucket the name, of what has a policy; known names first."""
        found: list[tuple[str, Text]] = []
        if service == "s3":
            owners = self._policy_owners()
            found = [(it.logical_id, it.name) for it in buckets(self._view)]
            found = [it for it in found if it[0] in owners or it[1].literal is not None]
        elif service == "kms":
            found = [(it.logical_id, it.arn) for it in keys(self._view)]
        elif service == "ecr":
            repos = repositories(self._view)
            found = [(it.name, it.arn) for it in repos if it.policy]
        elif service == "elasticfilesystem":
            found = [(it.logical_id, it.arn) for it in file_systems(self._view) if it.policy]
        yield from sorted(found, key=lambda it: it[1].literal is None)

    def _policy_owners(self) -> frozenset[str]:
        """The buckets of the template for which it has, or may have, a policy."""
        named = [
            bucket.text()
            for _, policy in self._view.resources("AWS::S3::BucketPolicy")
            for properties in policy.children("Properties")
            for bucket in properties.children("Bucket")
        ]
        return frozenset(
            bucket.logical_id
            for bucket in buckets(self._view)
            if any(bucket.name.equals(name) is not False for name in named)
        )


def role_of(
    template: str, logical_id: str, deployment: Deployment, documents: dict[str, Document]
) -> TemplateRole:
    """A role of a template. Raises DocumentError, TemplateError or BadInput.

    The files that were read for it go into ``documents``, by name.
    """
    loaded = document.read(template)
    documents[loaded.file] = loaded
    if not template_shape.is_template(loaded.data):
        raise loaded.fault((), "no CloudFormation template: it has no Resources")
    _refuse(*template_shape.faults(loaded))
    pseudo = {"AWS::Region": deployment.region, "AWS::AccountId": deployment.account}
    options = Options(
        params=deployment.params,
        parameters=deployment.parameters,
        pseudo={name: value for name, value in pseudo.items() if value},
    )
    given = Given(options, documents, _refuse)
    values = given.values()
    given.refuse_unused(values, [loaded])
    loader = Loader()
    package = loader.package(loaded, Path(template), values)
    texts = {name: Text.of(value.value) for name, value in package.parameters.items()}
    known = hints.with_partition(options.pseudo, texts, loaded.data, deployment.resources)
    stack = Run().add(package, known)
    _refuse(*loader.faults)
    stack.verify()
    documents.update((it.file, it) for it in loader.documents)
    found = {role.logical_id: role for role in roles(View(stack))}
    if logical_id not in found:
        like = nearest(logical_id, found)
        others = f": it has {', '.join(sorted(found))}" if found else ", nor any other"
        raise BadInput("--role", f"'{template}' has no role '{logical_id}'{like or others}")
    return TemplateRole(View(stack), found[logical_id])


def _refuse(*faults: Any) -> None:
    for fault in faults:
        if isinstance(fault, InputError):
            raise DocumentError(fault.file, fault.line, fault.column, fault.message)
        raise fault
