"""What somebody still has to do for fixes to last: not every file is where its text comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from copilot_preflight.base.finding import Report
from copilot_preflight.edits.constructs import construct_of
from copilot_preflight.edits.edit import Edit
from copilot_preflight.read.document import data_of
from copilot_preflight.run.options import Options

_MOST_NAMED: Final = 3


def reminders(
    files: Iterable[str], edits: Collection[Edit], report: Report, options: Options
) -> Iterator[str]:
    """One line for each changed file that the CDK writes anew, or that is a copy of a policy."""
    copies = set(map(str, options.policy_files))
    for file in files:
        data = data_of(report.sources, file)
        found = (construct_of(data, it.path) for it in edits if it.file == file)
        constructs = [*dict.fromkeys(filter(None, found))]
        if constructs:
            named = ", ".join(f"'{it}'" for it in constructs[:_MOST_NAMED])
            more = len(constructs) - _MOST_NAMED
            and_more = f" and {more} more" if more > 0 else ""
            yield f"{file}: 'cdk synth' writes it anew: change the construct {named}{and_more} too"
        if file in copies:
            yield f"{file}: AWS denies what it denied before this policy has replaced the one there"
