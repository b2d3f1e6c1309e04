"""Where a grant is written: the edits that put statements into the policy of whoever owns it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from pathlib import PurePath
from typing import Any, Final

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.edit import END, Applicability, Edit, NoFix, Operation
from copilot_preflight.edits.grant import Grant
from copilot_preflight.edits.references import condition_of, names_in
from copilot_preflight.edits.spelling import Expression, Plain

POLICY_VERSION: Final = "2012-10-17"

_DOCUMENTS: Final = {
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::ECR::Repository": "RepositoryPolicyText",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::EFS::FileSystem": "FileSystemPolicy",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
}
"""The property of a resource that is one policy document."""

_INLINE: Final = {"AWS::IAM::Role": "Policies"}
"""The property of a role that lists its policies.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
"""


_LONGEST_NAME: Final = 100
"""Of the 128 characters that IAM takes, so that a number can follow.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

_NOT_A_NAME: Final = lazy_pattern(r"\$\{[^}]*\}|<[^>]*>")
"""What is filled in later."""


class PolicyDocument(NamedTuple):
    """A whole policy document, for whoever has none."""

    grants: tuple[Grant, ...]

    @property
    def plain(self) -> dict[str, Plain]:
        return {"Version": POLICY_VERSION, "Statement": [grant.plain for grant in self.grants]}

    @property
    def gaps(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(gap for grant in self.grants for gap in grant.gaps))


class InlinePolicy(NamedTuple):
    """A policy of a role's own; ``under`` is the condition under which the role has it."""

    name: str
    document: PolicyDocument
    under: str = ""

    @property
    def plain(self) -> dict[str, Plain]:
        policy: dict[str, Plain] = {
            "PolicyName": self.name,
            "PolicyDocument": self.document.plain,
        }
        return {"Fn::If": [self.under, policy, {"Ref": "AWS::NoValue"}]} if self.under else policy

    @property
    def gaps(self) -> tuple[str, ...]:
        return self.document.gaps


def placed(
    grants: Iterable[Grant], data: Any, title: str, applicability: Applicability
) -> tuple[Edit, ...] | NoFix:
    """The edits that write grants of one owner into a document with these data, or why none can.

    The reason is that nobody knows where the owner's policies are, that they are not written
    there, or that a function gives them.
    """
    found = tuple(grants)
    owner = found[0].owner
    place = owner.place
    if place is None:
        return NoFix(f"{owner.name} is in no file of the run")
    node = _node(data, place.path)
    if not isinstance(node, dict):
        return NoFix(f"{owner.name} is not written in {PurePath(place.file).name}")
    made: list[Edit] = []

    def insert(path: DataPath, new: Grant | InlinePolicy | PolicyDocument) -> None:
        made.append(Edit(Operation.INSERT, place.file, path, new, title, applicability))

    kind = node.get("Type")
    if kind in _INLINE:
        property_path = (*place.path, "Properties", _INLINE[str(kind)])
        there = _node(data, property_path)
        if is_function(there) or is_function(_node(data, property_path[:-1])):
            return NoFix(f"a function gives the policies of {owner.name}")
        names = set(policy_names(data))
        here = condition_of(data, str(place.path[-1]))
        for under, alike in _by_condition(found, data, here).items():
            name = _free_name(alike[0], names)
            names.add(name)
            insert((*property_path, END), InlinePolicy(name, PolicyDocument(alike), under))
        return tuple(made)
    if any(grant.under for grant in found):
        return NoFix(f"the statements of {owner.name} can stand under no condition of the template")
    if kind in _DOCUMENTS:
        path = (*place.path, "Properties", _DOCUMENTS[str(kind)])
    elif "Statement" in node:
        path = place.path
    elif "Effect" in node:
        return _next_to(place.path, data, found, insert, made)
    else:
        return NoFix(f"CloudFormation writes the policies of {owner.name} by itself")
    there = _node(data, path)
    if there is None:
        insert(path, PolicyDocument(found))
        return tuple(made)
    if not isinstance(there, dict) or is_function(there) or is_function(there.get("Statement")):
        return NoFix(f"a function gives {owner.name}")
    for grant in found:
        insert((*path, "Statement", END), grant)
    return tuple(made)


def _next_to(
    statement: DataPath, data: Any, grants: tuple[Grant, ...], insert: Any, made: list[Edit]
) -> tuple[Edit, ...] | NoFix:
    """Statements in the policy document in which one stands already."""
    if "Statement" not in statement:
        return NoFix("the policy is written in no document of its own")
    end = len(statement) - statement[::-1].index("Statement")
    while statement[end : end + 1] == ("Fn::If",):
        end += 2
    if is_function(_node(data, statement[:end])) and end != len(statement):
        return NoFix("a function gives the statements of the policy")
    for grant in grants:
        insert((*statement[:end], END), grant)
    return tuple(made)


def _by_condition(
    grants: tuple[Grant, ...], data: Any, here: str
) -> Mapping[str, tuple[Grant, ...]]:
    """Grants by the condition under which they can be written; ``here`` is that of their role."""
    found: dict[str, tuple[Grant, ...]] = {}
    for grant in grants:
        named = {condition_of(data, name) for name in names_in(grant.plain).values} - {"", here}
        under = min(named) if len(named) == 1 and not grant.under else grant.under
        found[under] = (*found.get(under, ()), grant)
    return found


def _free_name(grant: Grant, taken: Container[str]) -> str:
    """A name for a policy of a role: ``AllowS3GetObjectWebEnv``, numbered where it is taken.

    It says what is granted, so that the same grant has the same name whatever else is granted.
    """
    service, _, action = grant.actions[0].partition(":")
    return numbered(f"Allow{_word(service)}{_word(action)}{_subject(grant)}"[:_LONGEST_NAME], taken)


def numbered(name: str, taken: Container[str]) -> str:
    """A name of a policy with the first number behind it that is free, without one if it is."""
    base, number = name, 2
    while name in taken:
        name, number = f"{base}{number}", number + 1
    return name


def _subject(grant: Grant) -> str:
    """What a grant is about, in a few letters: the end of a name, or the parameter that has it."""
    resource = grant.resources[0] if grant.resources else ""
    if isinstance(resource, Expression):
        return _word(_parameter(resource.value))
    names = _NOT_A_NAME.sub("", resource).split(":")[-1].split("/")
    return next(filter(None, map(_word, reversed(names))), "")


def _parameter(value: Plain) -> str:
    """The first name that functions refer to."""
    if isinstance(value, dict):
        if isinstance(name := value.get("Ref"), str):
            return name
        value = [*value.values()]
    return next(filter(None, map(_parameter, value)), "") if isinstance(value, list) else ""


def _word(text: str) -> str:
    """Letters and digits of a name: ``WebEnv`` of ``web.env``."""
    return "".join(f"{it[:1].upper()}{it[1:]}" for it in re.findall(r"[A-Za-z0-9]+", text))


def policy_names(data: Any) -> Iterator[str]:
    """The names of all policies of a template: a role cannot have two of one name."""
    resources = data.get("Resources") if isinstance(data, Mapping) else None
    for resource in resources.values() if isinstance(resources, Mapping) else ():
        properties = resource.get("Properties") if isinstance(resource, Mapping) else None
        if isinstance(properties, Mapping):  # statements are most of a template, and name none
            yield from _names_below(
                {key: properties.get(key) for key in ("PolicyName", "Policies")}
            )
        else:
            yield from _names_below(resource)


def _names_below(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for item in node:
            yield from _names_below(item)
    elif isinstance(node, dict):
        if isinstance(name := node.get("PolicyName"), str):
            yield name
        for key, item in node.items():
            if key != "PolicyDocument":
                yield from _names_below(item)


def is_function(raw: Any) -> bool:
    return isinstance(raw, dict) and len(raw) == 1 and next(iter(raw)).startswith(("Fn::", "Ref"))


def _node(data: Any, path: DataPath) -> Any:
    """The node at a path, None where there is none."""
    try:
        for step in path:
            data = data[step]
    except (KeyError, IndexError, TypeError):
        return None
    return data
