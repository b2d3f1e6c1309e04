"""What a triage comes to: causes in the order of their likelihood, and what is excluded by what."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Place, Position
from copilot_preflight.triage.failure import Failure

STEPS: Final[Mapping[str, str]] = {
    "decode": "what does the encoded message say?",
    "role": "is it the right role?",
    "set": "is the role set?",
    "trust": "can the role be assumed?",
    "grant": "is exactly this action allowed on exactly this ARN?",
    "object": "is there such a thing at all?",
    "kms": "may the role use the key?",
    "resource-policy": "does the resource's own policy let it in?",
    "endpoint": "does the VPC endpoint let it through?",
    "organization": "do the organization and the permissions boundary allow it?",
    "credentials": "does the call use other credentials?",
    "account": "is what is deployed what the templates say?",
    "network": "is there a way to the service?",
}
"""The order in which causes are eliminated, each step as the question that it answers."""

ELIMINATION: Final = (
    "role",
    "set",
    "trust",
    "grant",
    "kms",
    "resource-policy",
    "endpoint",
    "organization",
    "credentials",
)
"""The steps for a refused call."""

_ORDER: Final = {step: number for number, step in enumerate(STEPS)}


class Weight(IntEnum):
    """How much speaks for a cause; the least comes first."""

    PROVED = 0
    """The templates prove the denial, and it fits what AWS says."""
    NAMED = 1
    """AWS's own words name it."""
    FOUND = 2
    """The templates have a defect that would do it."""
    LIKELY = 3
    """What such a text mostly means."""
    OPEN = 4
    """Nothing excludes it."""


class Cause(NamedTuple):
    """One possible cause; ``rule`` is ``""`` and ``place`` None where no template shows it.

    ``confirm`` is one command of a shell, ``fix`` a command or a sentence. ``rank`` orders causes
    of the same weight and step.
    """

    step: str
    weight: Weight
    message: str
    confirm: str = ""
    fix: str = ""
    rule: str = ""
    place: Place | None = None
    start: Position | None = None
    rank: int = 0

    @property
    def key(self) -> tuple[int, int, int]:
        """What causes are sorted by."""
        return self.weight, self.rank, _ORDER[self.step]


class Excluded(NamedTuple):
    """A step that leads nowhere, and by what that is known: AWS's words, or a line of a file."""

    step: str
    by: str
    place: Place | None = None
    start: Position | None = None


class Diagnosis(NamedTuple):
    """A failure with its causes, best first, and the steps that are excluded."""

    failure: Failure
    causes: tuple[Cause, ...]
    excluded: tuple[Excluded, ...]
