"""What `fix` is going to do: the files that it changes, and what a check says before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from copilot_preflight.base.finding import Finding, Report, Severity
from copilot_preflight.edits.edit import Operation
from copilot_preflight.fixes.afterwards import reminders
from copilot_preflight.fixes.candidates import Candidate, Left, counted, key_of
from copilot_preflight.fixes.files import FileChange, on_disk
from copilot_preflight.fixes.rounds import Rounds, Writer
from copilot_preflight.fixes.texts import Texts
from copilot_preflight.run import check as engine
from copilot_preflight.run.check import Checked
from copilot_preflight.run.options import Options


class Plan(NamedTuple):
    """The changes of a run's files, with the findings that they end and those that stay.

    ``by_hand`` are files with the pieces of program that somebody has to put into them.
    ``reminders`` are what somebody has to do besides, for the changes to last. ``secret_lines`` are
    those of what fixes take away near a secret, without their margins.
    """

    before: Report
    after: Report
    changes: tuple[FileChange, ...]
    made: tuple[Candidate, ...]
    ended: tuple[Finding, ...]
    left: tuple[Left, ...]
    run: Checked
    notes: tuple[str, ...] = ()
    by_hand: tuple[tuple[str, str], ...] = ()
    reminders: tuple[str, ...] = ()
    secret_lines: frozenset[str] = frozenset()

    def is_shown(self, line: str) -> bool:
        """Whether a line of a file may be printed: no value that nobody is to see stands in it."""
        hidden = self.run.hidden
        is_known = hidden is None or hidden.text(line) == line
        return is_known and line.strip() not in self.secret_lines

    @property
    def proof(self) -> str:
        """``9 denied -> 0 denied, 1 warning -> 0 warnings, nothing new``."""
        denied = _denied(self.before), _denied(self.after)
        said = ["{} denied -> {} denied".format(*denied)] if any(denied) else []
        for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO):
            earlier, later = (_others(it, severity) for it in (self.before, self.after))
            if earlier or later:
                said.append(f"{_count(earlier, severity)} -> {_count(later, severity)}")
        new = "nothing new but what the notes say" if self.notes else "nothing new"
        return ", ".join((*said, new))


def planned(
    paths: Sequence[str],
    options: Options,
    writer_for: Callable[[Checked], Writer],
    *,
    with_review: bool,
) -> Plan:
    """What can be fixed in a run, each fix proved by a check in memory. Nothing is written."""

    def check(texts: Texts) -> Report:
        return engine.check(paths, options._replace(read=texts.reader(options.read)))

    first = engine.checked(paths, options)
    before = first.report
    outcome = Rounds(check, writer_for(first), with_review=with_review).outcome(before)
    texts, after, made = outcome.after
    earlier = {file: _text(before, file) for file in texts.written}
    changes = tuple(
        FileChange(file, earlier[file], text)
        for file, text in texts.written.items()
        if text != earlier[file]
    )
    fewer = counted(before) - counted(after)
    ended = []
    for finding in before.findings:
        if fewer[key_of(finding)] > 0:
            fewer[key_of(finding)] -= 1
            ended.append(finding)
    by_hand = tuple((file, it.text) for file, it in texts.by_hand.items())
    edits = [edit for it in made for edit in it.fix.edits]
    return Plan(
        before=before,
        after=after,
        changes=changes,
        made=made,
        ended=tuple(ended),
        left=tuple(outcome.left),
        run=first,
        notes=texts.notes,
        by_hand=by_hand,
        reminders=tuple(reminders([it.file for it in changes], edits, before, options)),
        secret_lines=frozenset(map(str.strip, _removed_near_secrets(before, made))),
    )


def _removed_near_secrets(report: Report, made: Sequence[Candidate]) -> Iterator[str]:
    for finding, fix in made:
        for edit in fix.edits if finding.is_secret else ():
            source = report.sources.get(edit.file)
            if source is not None and edit.operation is Operation.REMOVE:
                start, end = source.span(edit.path)
                yield from source.text.split("\n")[start.line - 1 : end.line]


def _text(report: Report, file: str) -> str | None:
    source = report.sources.get(file)
    return on_disk(file) if source is None else source.text


def _is_denial(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR and finding.call is not None


def _denied(report: Report) -> int:
    return sum(map(_is_denial, report.findings))


def _others(report: Report, severity: Severity) -> int:
    return sum(it.severity is severity and not _is_denial(it) for it in report.findings)


def _count(number: int, severity: Severity) -> str:
    return f"{number} {severity.label}{'' if number == 1 else 's'}"
