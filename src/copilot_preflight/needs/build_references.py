"""What CodeBuild takes for a secret, and what for a parameter.

A secret is ``name-or-arn:json-key:version-stage:version-id``, of which all but the first may be
left out; a parameter is its name.

Sources: https://docs.aws.amazon.com/codebuild/latest/userguide/build-spec-ref.html
(``env/secrets-manager``, ``env/parameter-store``)
and https://docs.aws.amazon.com/codebuild/latest/APIReference/API_EnvironmentVariable.html
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.base.symbolic import Hole, Text
from copilot_preflight.model.secrets import complete_arn, parameter_arn
from copilot_preflight.needs.references import (
    SECRETS_MANAGER,
    SSM,
    Reference,
    credentials_at,
    pieces_of,
    reference_to,
)
from copilot_preflight.resolve.view import View

_OF_ARN: Final = 7
"""How many parts an ARN of a secret has: ``arn:aws:secretsmanager:region:account:secret:name``."""


def secret_at(view: View, value: Text) -> Reference | None:
    """The secret that a variable of the type SECRETS_MANAGER names; None for the empty value."""
    if not value.parts:
        return None
    first = value.parts[0]
    pieces = pieces_of(value)
    if isinstance(first, str) and first.startswith("arn:"):
        return _of_arn(value, pieces)
    if isinstance(first, str) and "arn:".startswith(first) and len(value.parts) > 1:
        return Reference(SECRETS_MANAGER, value, None)  # a name or an ARN, nobody can tell
    found = credentials_at(view, pieces[0])
    stage = _stage(pieces[2:])
    return found._replace(problem="", stage=stage) if found is not None else None


def parameter_at(view: View, value: Text) -> Reference | None:
    """The parameter that a variable of the type PARAMETER_STORE names; None for the empty value."""
    if not value.parts:
        return None
    first = value.parts[0]
    if isinstance(first, str) and first.startswith("arn:"):  # which no page of CodeBuild's is about
        found = reference_to(view, value)
        return found._replace(problem="") if found is not None and found.store == SSM else None
    name, *rest = pieces_of(value)
    address = parameter_arn(view, name)
    if rest:  # a version, or a label: which ARN is asked for then, no page says
        address = Text.of(address, Hole("version", value.identity, excludes="*?"))
    return Reference(SSM, address, address, is_name=True)


def _of_arn(value: Text, pieces: list[Text]) -> Reference:
    if len(pieces) < _OF_ARN or pieces[2].literal != SECRETS_MANAGER:
        return Reference(SECRETS_MANAGER, value, None)
    given = Text.of(*(part for piece in pieces[: _OF_ARN - 1] for part in (piece, ":")))
    given = Text.of(given, pieces[_OF_ARN - 1])
    if any(":" not in hole.excludes for hole in given.holes):
        return Reference(SECRETS_MANAGER, value, None)  # the hole may bring the rest with it
    return Reference(SECRETS_MANAGER, given, complete_arn(given), _stage(pieces[_OF_ARN + 1 :]))


def _stage(behind_the_key: list[Text]) -> str:
    return (behind_the_key[0].literal or "") if behind_the_key else ""
