"""What findings in many templates have in common, kept once.

A rule says the same of each template, and what another process has found comes with words of its
own: without this, the same address of a page would be there a hundred thousand times.
"""

from __future__ import annotations

from typing import Any, TypeVar

from copilot_preflight.base.finding import Finding, Place, Related, Span
from copilot_preflight.run.judge import Judged

T = TypeVar("T")


class Sharing:
    """Gives what was judged elsewhere, in parts that were there before wherever they are equal."""

    def __init__(self) -> None:
        self._parts: dict[type, dict[Any, Any]] = {}

    def of(self, judged: Judged) -> Judged:
        """The same, in less memory."""
        findings = [self._finding(it) for it in judged.findings]
        spans: list[tuple[Place, Span]] = [(self._place(at), span) for at, span in judged.spans]
        return judged._replace(
            findings=findings,
            spans=spans,
            left_out=self._one(judged.left_out),
            files=self._one(judged.files),
            unused=self._one(judged.unused),
        )

    def _finding(self, finding: Finding) -> Finding:
        return finding._replace(
            at=self._place(finding.at),
            message=self._one(finding.message),
            label=self._one(finding.label),
            related=tuple(
                Related(self._place(it.place), self._one(it.message)) for it in finding.related
            ),
            call=self._one(finding.call),
            cause=self._one(finding.cause),
            rule=self._one(finding.rule),
            name=self._one(finding.name),
            url=self._one(finding.url),
        )

    def _place(self, place: Place) -> Place:
        return self._one(Place(self._one(place.file), self._one(place.path), place.key))

    def _one(self, part: T) -> T:
        """The first of all parts of a type that are equal to one: tuples equal those with names."""
        alike: dict[T, T] = self._parts.setdefault(type(part), {})
        return alike.setdefault(part, part)
