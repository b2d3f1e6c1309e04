"""The pictures of all templates of a run as one, in which nothing secret is left."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol, TypeVar

from copilot_preflight.base.finding import Finding, Place, Report, Severity
from copilot_preflight.render.helps import Writer
from copilot_preflight.render.ways_out import again
from copilot_preflight.report.model import Excerpt, FindingShown, Picture, StackPicture

T = TypeVar("T")


class Hiding(Protocol):
    """What knows the values that must not be shown, `run.no_echo.Hidden`."""

    def text(self, text: str) -> str: ...

    def is_in(self, line: str) -> bool: ...


def joined(
    stacks: Iterable[StackPicture | None], report: Report, hidden: Hiding | None = None
) -> Picture:
    """The picture of a run; ``report`` says which findings are left after all suppressions."""
    secret = _secret_lines(report)
    told = {(it.rule, it.at, it.message): it for it in report.findings}
    plain = _Plain(hidden, _Told(told, report), secret)
    drawn = [plain.of(it) for it in stacks if it is not None]
    words = "" if "-" in report.paths else again(report.asked, report.paths)
    return Picture(tuple(_with_late(drawn, plain.told)), tuple(report.errors), words)


_Identity = tuple[str, Place, str]


class _Told:
    """The findings that a check reports, as a picture shows them."""

    def __init__(self, findings: Mapping[_Identity, Finding], report: Report) -> None:
        self.findings = findings
        self._report = report
        self._ways_out = Writer(report.sources)

    def shown(self, finding: Finding) -> FindingShown:
        line = self._report.span(finding.at).start.line
        return FindingShown.of(finding, self._ways_out.of(finding), line)


def _with_late(stacks: Sequence[StackPicture], told: _Told) -> Iterator[StackPicture]:
    """The pictures with what was found when all templates had been judged.

    What is found in none of them, as in a configuration, stands with the first one.
    """
    shown = {
        (finding.rule, finding.at, finding.message)
        for stack in stacks
        for finding in (
            *stack.other_findings,
            *(it for group in stack.groups for call in group.calls for it in call.findings),
        )
    }
    late: dict[str, list[FindingShown]] = {}
    files = {stack.file for stack in stacks}
    for identity, finding in told.findings.items():
        if identity not in shown and stacks and finding.severity > Severity.INFO:
            home = finding.at.file if finding.at.file in files else stacks[0].file
            late.setdefault(home, []).append(told.shown(finding))
    for stack in stacks:
        found = late.pop(stack.file, ())
        yield stack._replace(other_findings=(*stack.other_findings, *found)) if found else stack


def _secret_lines(report: Report) -> set[tuple[str, int]]:
    """The lines near which a secret may stand, by file, as findings say."""
    return {
        (place.file, line)
        for finding in (*report.findings, *(it.finding for it in report.silenced))
        if finding.is_secret
        for place in (finding.at, *(related.place for related in finding.related))
        for start in (report.span(place).start.line,)
        for line in range(start - 1, start + 2)
    }


_AS_IS: Final = frozenset({"file", "outcome", "key", "lane", "rule", "severity"})
"""Fields that say where something is, or that are words of ours."""


class _Plain:
    """Takes out of a picture what must not be shown."""

    def __init__(
        self,
        hidden: Hiding | None,
        told: _Told,
        secret: set[tuple[str, int]],
    ) -> None:
        self._hidden = hidden
        self.told = told
        self._secret = secret
        self._texts: dict[str, str] = {}

    def of(self, value: T) -> T:
        plain: Any = value
        if isinstance(value, str):
            plain = self._text(value)
        elif isinstance(value, Excerpt):
            plain = self._excerpt(value)
        elif isinstance(value, Place):
            pass
        elif isinstance(value, tuple) and hasattr(value, "_fields"):
            pairs = zip(value._fields, value, strict=True)
            plain = type(value)(*(it if name in _AS_IS else self.of(it) for name, it in pairs))
            if isinstance(plain, FindingShown):
                plain = self._finding(plain)
        elif isinstance(value, tuple):
            plain = tuple(map(self.of, value))
        return plain  # type: ignore[no-any-return]

    def _finding(self, plain: FindingShown) -> FindingShown:
        """A finding as it is told; where values are hidden, with the way out that knows of them."""
        known = self.told.findings.get((plain.rule, plain.at, plain.message))
        if known is None:
            return plain._replace(is_suppressed=True)
        return plain if self._hidden is None else self.told.shown(known)

    def _text(self, text: str) -> str:
        if self._hidden is None:
            return text
        found = self._texts.get(text)
        if found is None:
            found = self._texts[text] = self._hidden.text(text)
        return found

    def _excerpt(self, excerpt: Excerpt) -> Excerpt:
        return excerpt._replace(text="") if self._is_secret(excerpt) else excerpt

    def _is_secret(self, excerpt: Excerpt) -> bool:
        lines = excerpt.text.split("\n")
        if any(self._is_near(excerpt.file, excerpt.line + n) for n in range(len(lines))):
            return True
        return self._hidden is not None and any(map(self._hidden.is_in, lines))

    def _is_near(self, file: str, line: int) -> bool:
        return (file, line) in self._secret
