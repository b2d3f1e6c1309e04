"""What the linter says: findings with symbolic places, and the report that gathers them.

Nothing here knows a line number. A place is a file and a path into its data; the renderers ask the
file's document for positions, and only they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, Final, Protocol

from copilot_preflight.base.records import NamedTuple

DataPath = tuple[str | int, ...]
"""Keys and indices from the root of a document; short tags are spelt long (``"Fn::If"``)."""


class Position(NamedTuple):
    """A character of a file; ``line`` and ``column`` are 1-based."""

    line: int
    column: int


class Span(NamedTuple):
    """A stretch of a file; ``end`` is the position just behind its last character."""

    start: Position
    end: Position


class Source(Protocol):
    """What a renderer needs of a document: its text, and where a path stands in it."""

    @property
    def text(self) -> str: ...

    def span(self, path: DataPath, *, key: bool = False) -> Span: ...


class Severity(IntEnum):
    """How bad a finding is; ordered, so that ``max`` and ``>=`` mean what they say."""

    INFO = 1
    WARNING = 2
    ERROR = 3

    @property
    def label(self) -> str:
        return self.name.lower()


_SEVERITY_OF_LETTER = {"E": Severity.ERROR, "W": Severity.WARNING, "I": Severity.INFO}


def severity_of(rule_id: str) -> Severity:
    """The severity that a rule's id carries in its first letter."""
    return _SEVERITY_OF_LETTER[rule_id[0]]


class Place(NamedTuple):
    """A node of a document. ``key`` points at the node's key instead of at its value."""

    file: str
    path: DataPath
    key: bool = False


class Related(NamedTuple):
    """A second place that a finding needs to make its case, and what stands there."""

    place: Place
    message: str


class CitedCall(NamedTuple):
    """An AWS call as a finding tells it; ``because`` says who makes it, with the AWS page."""

    principal: str
    action: str
    resource: str
    because: str


class Remedy(Protocol):
    """The value behind a help: the statements and edits that it shows, `edits.edit.Help`."""

    @property
    def text(self) -> str: ...


class Finding(NamedTuple):
    """One defect: the place, the argument, and the way out.

    ``message`` is one line that stands alone; ``label`` is the few words under the underlined
    place; ``cause`` is a stable slug (``"stale-hash"``) or ``""``; ``help`` is the way out, and
    ``remedy`` the value that it is the text of, where it is more than a sentence. Where
    ``is_secret``, a secret may stand near one of the places, and no report quotes their lines. A
    rule leaves its own identity out: ``rule``, ``name`` and ``url`` are filled in behind it, and
    so are ``graded`` and ``assumes``, the parameters whose defaults must hold for it to be true.
    ``is_patched``: the workspace has a patch already that ends it when it is packaged again.
    ``account_knows``: what is missing is no matter of files, and the account can say it.
    """

    at: Place
    message: str
    label: str = ""
    related: tuple[Related, ...] = ()
    call: CitedCall | None = None
    cause: str = ""
    help: str = ""
    remedy: Remedy | None = None
    is_secret: bool = False
    rule: str = ""
    name: str = ""
    url: str = ""
    graded: Severity | None = None
    assumes: tuple[str, ...] = ()
    is_patched: bool = False
    account_knows: bool = False

    @property
    def severity(self) -> Severity:
        """The one that the user gives the rule, else the one of its id.

        A finding that assumes something is a warning at most.
        """
        severity = severity_of(self.rule) if self.graded is None else self.graded
        return min(severity, Severity.WARNING) if self.assumes else severity

    @property
    def identity(self) -> tuple[str, Place, str]:
        """What makes it one finding, however often and on whichever way it is found."""
        return self.rule, self.at, self.message


IN_SOURCE, EXTERNAL = "inSource", "external"
"""Where a suppression is written, in SARIF's words: in the files themselves, or elsewhere."""


class Silenced(NamedTuple):
    """A finding that is not told, because of what is written at ``by`` (None: in the baseline).

    ``kind`` is where that is, ``IN_SOURCE`` or ``EXTERNAL``; ``reason`` is ``""`` where none is
    asked for: in cfn-lint's ``Metadata``.
    """

    finding: Finding
    kind: str
    reason: str = ""
    by: Place | None = None


class InputError(NamedTuple):
    """An input that could not be judged. ``line`` and ``column`` are 1-based, 0 where unknown."""

    file: str
    line: int
    column: int
    message: str


class CallCounts(NamedTuple):
    """How many calls a run has proved to be allowed or denied, and could not decide."""

    allowed: int = 0
    denied: int = 0
    undetermined: int = 0

    @classmethod
    def total(cls, counts: Iterable[CallCounts]) -> CallCounts:
        """All of them together."""
        return cls(*map(sum, zip(cls(), *counts, strict=True)))


NO_CALLS: Final = CallCounts()


class LayerAnswer(NamedTuple):
    """What one kind of policy says of a call, and the statements that say it.

    ``answer`` is ``"allows"``, ``"denies"``, ``"delegates"`` (a resource policy that leaves it to
    the account's own policies), ``"undetermined"`` or ``"silent"``.
    """

    layer: str
    answer: str
    statements: tuple[Place, ...] = ()


class ProvedCall(NamedTuple):
    """A call of a role in all scenarios together.

    ``role`` names it as messages do and ``role_at`` is where it stands; ``subject`` is what the
    call is for, ``at`` where that is asked for. ``outcome`` is ``"allowed"``, ``"denied"`` or
    ``"undetermined"``, and ``missing`` is what would have to be known then.
    """

    role: str
    role_at: Place
    subject: str
    at: Place
    action: str
    resource: str
    outcome: str
    layers: tuple[LayerAnswer, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def places(self) -> Iterator[Place]:
        """Every place that it names."""
        yield from (self.role_at, self.at)
        yield from (place for layer in self.layers for place in layer.statements)

    def placed(self, written: Callable[[Place], Place]) -> ProvedCall:
        """The same call, its places as ``written`` gives them."""
        layers = (it._replace(statements=tuple(map(written, it.statements))) for it in self.layers)
        return self._replace(
            role_at=written(self.role_at), at=written(self.at), layers=tuple(layers)
        )

    def worded(self, spelt: Callable[[str], str]) -> ProvedCall:
        """The same call, the values in its words as ``spelt`` gives them."""
        return self._replace(
            subject=spelt(self.subject),
            resource=spelt(self.resource),
            missing=tuple(map(spelt, self.missing)),
        )


_NO_SOURCES: Final[Mapping[str, Source]] = {}


Asked = Sequence[tuple[str, ...]]
"""Options of a command line, each with its value if it has one: ``("--region", "eu-west-1")``."""


class Report(NamedTuple):
    """The result of a run, in the order in which it is shown.

    ``notes`` are remarks on how it was asked for, one line each; no part of a report's formats.
    ``templates`` are the ``files`` that were checked, by name. ``silenced`` are the findings that
    are suppressed, and none of ``findings``. ``not_judged`` are the types of resource that start
    containers and that no rule looks at, each with their number. ``calls`` counts what the run is
    about, whatever is suppressed; ``proof`` has each of them, None where nobody asked for it.
    ``paths`` are the files and folders that were to be checked, as they were named, and ``asked``
    the options that the findings depend on: each with its value, as a command line has them; None
    where they cannot be shown. ``evidence`` are the answers of the account that it rests on, each
    with its time in UTC as ISO 8601; None where none were given.
    """

    files: int
    findings: Sequence[Finding]
    errors: Sequence[InputError] = ()
    silenced: Sequence[Silenced] = ()
    ignored: int = 0
    sources: Mapping[str, Source] = _NO_SOURCES
    notes: Sequence[str] = ()
    templates: Sequence[str] = ()
    not_judged: Sequence[tuple[str, int]] = ()
    shard: Mapping[str, Any] | None = None
    calls: CallCounts = NO_CALLS
    paths: Sequence[str] = ()
    proof: Sequence[ProvedCall] | None = None
    asked: Asked | None = ()
    evidence: Sequence[tuple[str, str]] | None = None

    def span(self, place: Place) -> Span:
        """Where a place stands; the first character of a file that the run did not load."""
        source = self.sources.get(place.file)
        if source is None:
            return Span(Position(1, 1), Position(1, 1))
        return source.span(place.path, key=place.key)

    @property
    def suppressed(self) -> int:
        return len(self.silenced)

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def worst(self) -> Severity | None:
        return max((finding.severity for finding in self.findings), default=None)
