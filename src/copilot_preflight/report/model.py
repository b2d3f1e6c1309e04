"""What a picture shows, as plain values: lanes, roles, calls, and what decides each of them.

Nothing here refers to a run: a picture of a thousand stacks takes no more memory than its texts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Literal, NamedTuple

from copilot_preflight.base.finding import Finding, InputError, Place
from copilot_preflight.edits.edit import Applicability
from copilot_preflight.edits.shown import WayOut

Outcome = Literal["allowed", "denied", "undecided"]
"""What is proved of a call: `denied` in one scenario, `allowed` in all, or neither."""

OUTCOMES: Final[tuple[Outcome, ...]] = ("denied", "undecided", "allowed")
"""The worst first."""

MARKS: Final[Mapping[Outcome, str]] = {"allowed": "✓", "denied": "✗", "undecided": "?"}
"""A sign for each, for whoever does not see colours."""

LaneKey = Literal["agent", "application", "launcher", "pipeline"]

LANES: Final[Mapping[LaneKey, str]] = {
    "agent": "ECS agent → execution role",
    "application": "application → task role",
    "launcher": "rule, schedule, pipe or state machine → its role",
    "pipeline": "pipeline → its roles",
}
"""Who calls with which role, in the order in which they are drawn."""


class Excerpt(NamedTuple):
    """A stretch of a file: the place, 1-based, and its text without what is indented around it.

    ``text`` is ``""`` where it may not be shown or is not at hand.
    """

    file: str
    line: int
    text: str


class Cited(NamedTuple):
    """A statement or a value, and what it does to a call: ``"allowed by"``."""

    label: str
    excerpt: Excerpt


class LayerSaid(NamedTuple):
    """What one layer of policies says of a call; ``decides`` where the answer comes from it."""

    layer: str
    says: str
    decides: bool


class FindingShown(NamedTuple):
    """A finding as the picture tells it. ``fix`` is what ``copilot-preflight fix`` would do.

    ``needs_review`` says that the fix is to be looked at, ``is_suppressed`` that a check does not
    report the finding.
    """

    rule: str
    severity: str
    message: str
    help: str
    at: Place
    file: str
    line: int
    fix: str = ""
    needs_review: bool = False
    is_suppressed: bool = False

    @classmethod
    def of(cls, finding: Finding, way_out: WayOut, line: int) -> FindingShown:
        """A finding with the way out that reports show of it."""
        fix = way_out.fix
        return cls(
            finding.rule,
            finding.severity.label,
            finding.message,
            way_out.help,
            finding.at,
            finding.at.file,
            line,
            "" if fix is None else fix.title,
            fix is not None and fix.applicability is not Applicability.SAFE,
        )


class Call(NamedTuple):
    """An AWS call of a role on a resource, for whatever asks for it.

    ``asked_by`` has one text for each need, as in ``environment file of container 'web'``;
    ``because`` says who makes the call, with the AWS page. ``when`` names the scenario that the
    outcome is for, ``""`` for all. ``reason`` is the argument of a call that is not allowed, and
    ``way_out`` what to do where no finding says it. ``is_optional``: work goes on without it.
    """

    action: str
    outcome: Outcome
    asked_by: tuple[str, ...]
    because: str
    when: str = ""
    reason: str = ""
    way_out: str = ""
    layers: tuple[LayerSaid, ...] = ()
    cited: tuple[Cited, ...] = ()
    findings: tuple[FindingShown, ...] = ()
    is_optional: bool = False


class Target(NamedTuple):
    """What calls of a role act on. ``kind`` and ``label`` are for people, ``resource`` is the ARN.

    ``layers`` are the policies that speak of it, each with the most important thing it says.
    """

    resource: str
    kind: str
    label: str
    layers: tuple[LayerSaid, ...]
    calls: tuple[Call, ...]


class Caller(NamedTuple):
    """Who assumes a role, and whether its trust policy lets that happen.

    ``who`` is the service in short, ``of`` the resource that it works for, ``principal`` the
    service principal. ``cited`` is the statement of the trust policy.
    """

    who: str
    of: str
    principal: str
    outcome: Outcome
    cited: tuple[Cited, ...] = ()
    reason: str = ""


class RoleBox(NamedTuple):
    """A role. ``line`` is 0 where no file of the run has it; ``boundary`` is ``""`` without one.

    ``purpose`` is ``""`` where there is no role, and ``name`` says which one is missing.
    ``elsewhere`` is the name of its file, where that is not the template of the picture.
    """

    name: str
    purpose: str
    file: str
    line: int
    boundary: str = ""
    elsewhere: str = ""

    @property
    def where(self) -> str:
        """Where it stands, in two or three words."""
        if self.line:
            return f"{self.elsewhere} line {self.line}".strip()
        return "outside the run" if self.purpose else "none is named"


class Group(NamedTuple):
    """A role with those who assume it and what it calls; ``note`` is for one without calls."""

    role: RoleBox
    callers: tuple[Caller, ...]
    targets: tuple[Target, ...]
    note: str = ""

    @property
    def calls(self) -> Iterator[Call]:
        return (call for target in self.targets for call in target.calls)


class Lane(NamedTuple):
    """One of `LANES`, with its roles."""

    key: LaneKey
    groups: tuple[Group, ...]


class Hop(NamedTuple):
    """A box of a flow, and what the arrow that leads to it says; ``""`` for the first one."""

    arrow: str
    box: str
    below: str


class Flow(NamedTuple):
    """The way that credentials take, from a role to the calls that are made with them."""

    lane: LaneKey
    hops: tuple[Hop, ...]
    note: str = ""


class StackPicture(NamedTuple):
    """One template. ``service`` and ``environment`` are ``""`` where Copilot's names are unknown.

    ``other_findings`` are those that belong to no call of the picture.
    """

    file: str
    service: str
    environment: str
    lanes: tuple[Lane, ...]
    flows: tuple[Flow, ...]
    other_findings: tuple[FindingShown, ...] = ()

    @property
    def title(self) -> str:
        names = " · ".join(filter(None, (self.service, self.environment)))
        return names or self.file.rpartition("/")[2]

    @property
    def groups(self) -> Iterator[Group]:
        return (group for lane in self.lanes for group in lane.groups)

    @property
    def counts(self) -> Mapping[Outcome, int]:
        return count(call for group in self.groups for call in group.calls)


class Picture(NamedTuple):
    """All templates of a run, in its order, and the inputs that could not be judged.

    ``again`` are the options and paths with which a command finds the same, ``""`` where they
    cannot be shown.
    """

    stacks: tuple[StackPicture, ...]
    errors: tuple[InputError, ...] = ()
    again: str = ""

    @property
    def counts(self) -> Mapping[Outcome, int]:
        total: Counter[Outcome] = Counter()
        for stack in self.stacks:
            total.update(stack.counts)
        return {outcome: total[outcome] for outcome in OUTCOMES}

    @property
    def worst_first(self) -> list[StackPicture]:
        """The stacks by how many calls are denied, then by how many are undecided."""

        def order(stack: StackPicture) -> tuple[int, int]:
            counts = stack.counts
            return -counts["denied"], -counts["undecided"]

        return sorted(self.stacks, key=order)


def count(calls: Iterable[Call]) -> Mapping[Outcome, int]:
    """How many calls have each outcome, as a check counts them.

    One that several things ask for is made as often; those that may as well fail do not count.
    """
    total: Counter[Outcome] = Counter()
    for call in calls:
        if not call.is_optional:
            total[call.outcome] += len(call.asked_by)
    return {outcome: total[outcome] for outcome in OUTCOMES}


def summary(counts: Mapping[Outcome, int]) -> str:
    """``12 calls allowed, 4 denied, 3 undecided``; outcomes that no call has are left out."""
    allowed = counts["allowed"]
    parts = [f"{allowed} {'call' if allowed == 1 else 'calls'} allowed"]
    parts += (f"{counts[it]} {it}" for it in ("denied", "undecided") if counts[it])
    return ", ".join(parts)
