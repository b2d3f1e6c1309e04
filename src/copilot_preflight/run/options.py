"""What a run is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from copilot_preflight.base.finding import Asked, Finding, Severity
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.checks.rule import Rule, RuleEntry
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.read import document
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.outside import ProvidedBucket, Requirement
from copilot_preflight_rules import CATALOGUE

if TYPE_CHECKING:
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.rollout.earlier import Earlier
    from copilot_preflight.run.severities import Grades
    from copilot_preflight.run.shards.share import Shard
    from copilot_preflight.run.suppress.suppression import Suppression

Progress = Callable[[int, int, str], None]
"""Called with the number of templates that are done, that of all, and the file that was done last.

The number of all is 0 as long as templates are read: nobody knows then.
"""

Observe = Callable[[Any, Sequence[Finding], Mapping[str, Document]], Any]
"""Called with the analysis of each template, its findings and the files of the run, where it is
judged; what it returns must be picklable, and is kept as `Judged.observed`.
"""


class Options(NamedTuple):
    """What the user asks for. ``pseudo`` are values of pseudo parameters by their full name.

    ``policies`` are names or ARNs with the file of the policy; ``scps`` and ``rcps`` are the files
    of each level of the organization. ``read`` reads templates and what belongs to them: an editor
    has text that is not saved. ``suppress`` is what the file ``config`` suppresses, next to what is
    written in the files themselves and in a ``baseline``; ``suppressions`` False shows it all.
    ``today`` is a date for the suppressions, the local one unless told.

    ``grades`` give rules other severities, None for those of their ids. ``shared_params`` and
    ``shared_parameters`` are values for whatever template declares them: it is no fault if none
    does. ``buckets`` and ``bucket_policies`` describe buckets outside the run, ``requirements`` of
    further calls.

    ``progress`` is called as the run goes on. ``jobs`` is the number of processes in which
    templates are judged, None for what the machine and the run are worth; the report is the same.
    ``assume_defaults`` takes the defaults of parameters for their values where no file gives any.
    With a ``shard``, all of the run is read and a share of its templates is judged. ``before`` is
    the release that the run is compared with. ``shows_ways_out``: a report will show all of them;
    ``drops_ways_out``: none will show any, so that findings need not keep them; ``shows_proof``: a
    report shows every call. ``observe`` sees every analysis, of which a run keeps few.
    ``exclude`` are files that are left out wherever a folder is searched. ``evidence`` are files
    and folders with answers of the account, which are noted where they are older than
    ``evidence_max_age`` days, if that is not None. ``asked`` is what a command that is to find the
    same has to repeat.
    """

    rules: Sequence[Rule | RuleEntry] = CATALOGUE
    info: bool = False
    params: Sequence[Path] = ()
    parameters: Mapping[str, str] = MappingProxyType({})
    pseudo: Mapping[str, str] = MappingProxyType({})
    policies: Sequence[tuple[str, Path]] = ()
    scps: Sequence[Sequence[Path]] = ()
    rcps: Sequence[Sequence[Path]] = ()
    read: document.Read = document.read
    suppress: Sequence[Suppression] = ()
    config: Document | None = None
    baseline: Path | None = None
    suppressions: bool = True
    today: str = ""
    grades: Grades | None = None
    shared_params: Sequence[Path] = ()
    shared_parameters: Mapping[str, ParameterValue] = MappingProxyType({})
    buckets: Sequence[ProvidedBucket] = ()
    bucket_policies: Sequence[tuple[str, Path]] = ()
    requirements: Sequence[Requirement] = ()
    progress: Progress | None = None
    jobs: int | None = 1
    assume_defaults: bool = False
    shard: Shard | None = None
    before: Earlier | None = None
    shows_ways_out: bool = False
    drops_ways_out: bool = False
    shows_proof: bool = False
    observe: Observe | None = None
    exclude: Globs | None = None
    evidence: Sequence[Path] = ()
    evidence_max_age: int | None = None
    asked: Asked = ()

    def most_of(self, rule: Rule | RuleEntry) -> Severity | None:
        """The greatest severity that a rule's findings may have, None for a rule that is off."""
        return rule.severity if self.grades is None else self.grades.at_most(rule.id)

    @property
    def least(self) -> Severity:
        """The least severity that this run reports."""
        return Severity.INFO if self.info else Severity.WARNING

    def graded(self, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Findings with the severity that the user gives them, without those that are off."""
        grades, least = self.grades, self.least
        for finding in findings:
            level = grades.of(finding.rule, finding.at.file) if grades else finding.severity
            if level is not None and finding.assumes:
                level = min(level, Severity.WARNING)
            if level is not None and level >= least:
                yield finding if grades is None else finding._replace(graded=level)

    @property
    def files(self) -> Iterator[Path]:
        """The files that are named by options."""
        yield from (*self.params, *self.shared_params)
        yield from self.policy_files
        if self.evidence:
            from copilot_preflight.evidence.reading import files_of

            yield from files_of(self.evidence)
        if self.baseline is not None:
            yield self.baseline

    @property
    def policy_files(self) -> Iterator[Path]:
        """Those of policies from outside the run."""
        yield from (path for _, path in (*self.policies, *self.bucket_policies))
        for level in (*self.scps, *self.rcps):
            yield from level
