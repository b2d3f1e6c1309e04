"""What a ``ValueFrom`` refers to: a secret of Secrets Manager, or a parameter of SSM.

Sources: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-ssm-parameters.html
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.base.records import NamedTuple
from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.iam import arn
from copilot_preflight.model.secrets import complete_arn, parameter_arn, secret_arn
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.view import View

SECRETS_MANAGER: Final = "secretsmanager"
SSM: Final = "ssm"
EITHER: Final = ""

_WITH_TAIL: Final = 5  # secret:name:key:stage:id
_NAME_TYPE: Final = "AWS::SSM::Parameter::Name"


class Reference(NamedTuple):
    """What a value refers to.

    ``store`` is Secrets Manager, SSM or, where nothing tells, `EITHER`. ``given`` is the ARN as ECS
    sends it, without the tail ``:key:stage:id``; ``resource`` is the one on which access is
    decided, None where that is not known. ``stage`` is the version stage of the tail. ``problem``
    is what makes ECS reject the value. ``is_name`` says that a bare name was given.
    """

    store: str
    given: Text
    resource: Text | None
    stage: str = ""
    problem: str = ""
    is_name: bool = False


def reference_to(view: View, value: Text) -> Reference | None:
    """What a secret's ``ValueFrom`` refers to; None for the empty value."""
    if not value.parts:
        return None
    first = value.parts[0]
    if isinstance(first, Hole):
        return _behind_hole(view, value, first)
    if first.startswith("arn:"):
        return _of_arn(value)
    if "arn:".startswith(first) and value.literal is None:
        return Reference(EITHER, value, _anything(value))
    return _parameter(view, value)


def credentials_at(view: View, value: Text) -> Reference | None:
    """What ``CredentialsParameter`` refers to: a secret, by its ARN or its name.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
    """
    if not value.parts:
        return None
    first = value.parts[0]
    if isinstance(first, str) and first.startswith("arn:"):
        found = _of_arn(value)
        if found.store == SSM:
            problem = "is an ARN of 'ssm': registry credentials are a secret of Secrets Manager"
            return found._replace(resource=None, problem=problem)
        return found
    if isinstance(first, str) or ":" in first.excludes:
        given = secret_arn(view, value)
        resource = Text.of(given, "-", _any_suffix(given))
        return _unfilled(value) or Reference(SECRETS_MANAGER, given, resource, is_name=True)
    return Reference(SECRETS_MANAGER, value, _of_hole(view.stack, value, first))


def _any_suffix(given: Text) -> Hole:
    """The six characters behind a name, which is never taken for a complete ARN."""
    return Hole("suffix", given.identity, arn.NAME_EXCLUDES, nonempty=True, length=6)


def _unfilled(value: Text) -> Reference | None:
    if any("${" in part for part in value.parts if isinstance(part, str)):
        problem = "holds a '${…}' that nothing fills in: it lacks !Sub"
        return Reference(EITHER, value, None, problem=problem)
    return None


def _parameter(view: View, name: Text) -> Reference:
    found = _unfilled(name)
    if found is not None:
        return found
    address = parameter_arn(view, name)
    return Reference(SSM, address, address, is_name=True)


def _behind_hole(view: View, value: Text, first: Hole) -> Reference:
    """A value that begins with what is not known: a name, an ARN, or an ARN and a tail."""
    if ":" in first.excludes:
        return _parameter(view, value)
    pieces = pieces_of(value)
    if len(pieces) == _WITH_TAIL - 1 and pieces[0].only_hole is not None:
        resource = _of_hole(view.stack, pieces[0], first)
        return Reference(SECRETS_MANAGER, pieces[0], resource, stage=pieces[2].literal or "")
    if value.only_hole is None:
        return Reference(EITHER, value, _anything(value))
    if _is_parameter_name(view.stack, first):
        return _parameter(view, value)
    if _is_whole_arn(view.stack, first):
        return Reference(SECRETS_MANAGER, value, value)
    return Reference(EITHER, value, _of_hole(view.stack, value, first))


def _anything(value: Text) -> Text:
    return Text.of(Hole(str(value), value.identity))


def _of_hole(stack: Stack, value: Text, hole: Hole) -> Text:
    return value if _is_whole_arn(stack, hole) else complete_arn(value)


def _is_parameter_name(stack: Stack, hole: Hole) -> bool:
    declared = (stack.data.get("Parameters") or {}).get(hole.name) if hole.scope else None
    return isinstance(declared, dict) and declared.get("Type") == _NAME_TYPE


def _is_whole_arn(stack: Stack, hole: Hole) -> bool:
    """Whether a hole is an attribute such as ``MasterUserSecret.SecretArn`` of a database."""
    logical_id, _, attribute = hole.name.partition(".")
    resources = stack.data.get("Resources") or {}
    return attribute.endswith("SecretArn") and hole.scope == stack.file and logical_id in resources


def _of_arn(value: Text) -> Reference:
    unfilled = _unfilled(value)
    if unfilled is not None:
        return unfilled
    pieces, complete = value.split(":", 5)
    service = pieces[2].literal if len(pieces) > 2 else None
    if service == SECRETS_MANAGER and complete and len(pieces) == 6:
        return _of_secret(value, Text.of(*_joined(pieces[:5])), pieces[5])
    if service == SSM and complete and len(pieces) == 6:
        return Reference(SSM, value, _without_version(value, pieces[5]))
    if service not in (None, SECRETS_MANAGER, SSM):
        problem = f"is an ARN of '{service}', neither of Secrets Manager nor of SSM"
        return Reference(EITHER, value, None, problem=problem)
    if complete and len(pieces) < 6:
        return Reference(EITHER, value, None, problem="is an ARN with too few parts")
    return Reference(service or EITHER, value, None)


def _joined(pieces: tuple[Text, ...]) -> list[str | Text]:
    return [part for piece in pieces for part in (piece, ":")]


def _without_version(value: Text, resource: Text) -> Text:
    """The ARN of a parameter; which one a version or a label leaves is not documented."""
    if any(":" in part for part in resource.parts if isinstance(part, str)):
        name = resource.split(":", 1).items[0]
        rest = Hole("version", value.identity, excludes="*?")
        return Text.of(*_joined(value.split(":", 5).items[:5]), name, rest)
    return value


def _of_secret(value: Text, head: Text, resource: Text) -> Reference:
    """``secret:name`` or ``secret:name:key:stage:id``; ECS's agent takes nothing in between.

    Source: https://github.com/aws/amazon-ecs-agent, agent/taskresource/asmsecret/asmsecret.go
    """
    pieces = pieces_of(resource)
    if len(pieces) > 2 and pieces[1].literal == "arn":
        problem = (
            "holds an ARN where the secret's name belongs: !Ref of a secret is its ARN already"
        )
        return Reference(SECRETS_MANAGER, value, None, problem=problem)
    is_known = all(":" in hole.excludes for hole in resource.holes)
    if len(pieces) == _WITH_TAIL or (len(pieces) == 2 and is_known):
        given = Text.of(head, pieces[0], ":", pieces[1])
        stage = pieces[3].literal or "" if len(pieces) == _WITH_TAIL else ""
        return Reference(SECRETS_MANAGER, given, complete_arn(given), stage)
    if is_known:
        behind = len(pieces) - 2
        problem = (
            "names no secret"
            if behind < 0
            else f"has {behind} part{'s' * (behind > 1)} behind the secret's name: ECS takes none, "
            "or three, as in ':json-key:version-stage:version-id'"
        )
        return Reference(SECRETS_MANAGER, value, None, problem=problem)
    if len(pieces) == 2:  # a name that may bring a tail with it
        given = Text.of(head, *resource.split(":").items[:1], ":", pieces[1])
        return Reference(SECRETS_MANAGER, given, complete_arn(given))
    return Reference(SECRETS_MANAGER, value, None)


def pieces_of(text: Text) -> list[Text]:
    """A string split at the colons that are written out."""
    pieces: list[list[str | Hole]] = [[]]
    for part in text.parts:
        if isinstance(part, Hole):
            pieces[-1].append(part)
            continue
        head, *rest = part.split(":")
        pieces[-1].append(head)
        pieces += ([piece] for piece in rest)
    return [Text.of(*piece) for piece in pieces]
