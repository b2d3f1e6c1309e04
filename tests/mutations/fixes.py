"""Every finding of the mutated stacks, mended: which fixes end it, and which rule has none and why.

``python -m tests.mutations.fixes`` prints the table of rules; words behind it name the tables of
mutations to take. ``ALL_MUTATIONS=1`` in the environment takes all stacks.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.edits.apply import applied
from tests.mutations import test_cdk, test_exec, test_mutations, test_secrets, test_starts
from tests.mutations import test_statements as statements
from tests.mutations.branches import BRANCHES, FOLDERS, HERE
from tests.mutations.builds import EDITS as BUILDS
from tests.mutations.builds import STACK as BUILDS_STACK
from tests.mutations.harness import (
    NOTHING,
    STACKS,
    Mutation,
    Site,
    Stack,
    _golden_parameters,
    _policy_file,
    bucket_stack,
    copilot_stacks,
    own_stacks,
    policies_of_buckets,
)
from tests.mutations.launches import MUTATIONS as OF_LAUNCHES
from tests.mutations.launches import STACK as WITH_LAUNCHES
from tests.mutations.pipelines import COPILOT_STACKS, COPILOTS, OWN, OWN_STACK
from tests.mutations.secrets import MUTATIONS as OF_SECRETS
from tests.mutations.secrets import STACK as WITH_SECRETS

from copilot_preflight.base.finding import Finding, Report, Severity
from copilot_preflight.checks.rule import Rule
from copilot_preflight.config import to_options as config
from copilot_preflight.edits.edit import Edit, NoFix, Operation
from copilot_preflight.edits.fix import Fix, Way, answer_of
from copilot_preflight.read.document import read
from copilot_preflight.run import check as engine
from copilot_preflight.run.earlier import earlier
from copilot_preflight_rules import CATALOGUE, RULES

SAMPLES: Final = Path(__file__).resolve().parents[2] / "sample_templates" / "broken"
COMPARING: Final = {entry.id for entry in CATALOGUE if entry.is_comparing}
BY_ID: Final = {rule.id: rule for rule in RULES}
STANDING: Final = ("W9713", "E9717", "I9756", "I9790")
"""Rules with findings that stacks have unchanged."""

FILL_IN: Final = "something has to be filled in"


class Case(NamedTuple):
    """A changed stack: its files by name, and how it is checked in the folder that they are in."""

    name: str
    files: Mapping[str, str]
    options: Callable[[Path], engine.Options] = lambda _: engine.Options(info=True)
    checked: str = ""

    def written(self, folder: Path) -> None:
        for name, text in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def report(self, folder: Path) -> Report:
        checked = folder / (self.checked or next(iter(self.files)))
        report = engine.check([str(checked)], self.options(folder))
        assert not report.errors, (self.name, report.errors)
        return report


# --- the cases --------------------------------------------------------------------------------


def of_files() -> Iterator[Case]:
    """Environment files and their grants, on our own stacks and on Copilot's."""
    for stack in (*own_stacks(), *copilot_stacks()):
        yield _of_site(NOTHING, stack, Site(stack, stack.files[0]))
    for mutation in test_mutations.MUTATIONS:
        for stack, site in test_mutations.cases(mutation):
            yield _of_site(mutation, stack, site)


def of_buckets() -> Iterator[Case]:
    """A stack with a bucket and a key of its own, and every layer of policies."""
    stack = bucket_stack()
    for mutation in test_mutations.OF_BUCKETS:
        for file in stack.files:
            if (site := mutation.apply(stack, file)) is not None:
                yield _of_site(mutation, stack, site)


def _of_site(mutation: Mutation, stack: Stack, site: Site) -> Case:
    def options(folder: Path) -> engine.Options:
        outside = site.outside
        return engine.Options(
            info=True,
            pseudo=stack.pseudo,
            policies=[
                *policies_of_buckets(site, folder),
                *((name, _policy_file(folder, text)) for name, text in outside.policies.items()),
            ],
            scps=[[_policy_file(folder, text)] for text in outside.scps],
            rcps=[[_policy_file(folder, text)] for text in outside.rcps],
        )

    files = {"fe.stack.yml": site.text}
    if site.parameters:
        files["fe.params.json"] = json.dumps({"Parameters": site.parameters})
    return Case(f"{stack}: {mutation.name}", files, options)


def of_secrets() -> Iterator[Case]:
    for mutation in OF_SECRETS:
        text = WITH_SECRETS
        for old, new in mutation.edits:
            text = text.replace(old, new)
        for known, pseudo in ((True, test_secrets.HERE), (False, {})):
            options = engine.Options(info=True, pseudo=pseudo)
            name = f"secrets: {mutation.name}{'' if known else ', unknown'}"
            yield Case(name, {"shop.yml": text}, lambda _, it=options: it)  # type: ignore[misc]


def of_launches() -> Iterator[Case]:
    """Rules, schedules, pipes and state machines that run a task."""
    for mutation in OF_LAUNCHES:
        text = WITH_LAUNCHES
        for old, new in mutation.edits:
            text = text.replace(old, new)
        yield Case(f"launches: {mutation.name}", {"jobs.yml": text})


def of_pipelines() -> Iterator[Case]:
    for edit in OWN:
        text = re.sub(edit.pattern, edit.becomes, OWN_STACK.read_text())
        yield Case(f"pipeline: {edit.name}", {"pipeline.yml": text})
    for edit in COPILOTS:
        for path in COPILOT_STACKS:
            text = re.sub(edit.pattern, edit.becomes, path.read_text())
            if text != path.read_text():
                yield Case(f"{path.name}: {edit.name}", {"pipeline.yml": text})


def of_builds() -> Iterator[Case]:
    for edit in BUILDS:
        text = re.sub(edit.pattern, edit.becomes, BUILDS_STACK.read_text())
        yield Case(f"builds: {edit.name}", {"builds.yml": text})


def of_starts() -> Iterator[Case]:
    """Copilot's stacks with other grants for images and logs, or none for ECS Exec."""
    for turn, case in enumerate(test_starts.CASES):
        for path in test_starts.STACKS[turn % 5 :: 5]:
            text = test_starts.changed(path.read_text(), case)
            given = {**_golden_parameters(path), "ContainerImage": test_starts.IMAGE}
            params = json.dumps({"Parameters": given})
            files = {"fe.stack.yml": text, "fe.params.json": params}
            yield Case(f"{path.name}: {case.name}", files)
    for path in test_exec.TEMPLATES:
        text = path.read_text()
        for name in test_exec.CHANNEL:
            changed = text.replace(f"ssmmessages:{name}", "sqs:SendMessage")
            yield Case(f"{path.name}: without {name}", {"fe.stack.yml": changed})
        changed = test_exec.without(text, "TaskRoleArn:")
        yield Case(f"{path.name}: without task role", {"fe.stack.yml": changed})


def of_statements() -> Iterator[Case]:
    for change in statements.CHANGES.values():
        text = statements.STACK.replace(change.old, change.new, 1)
        yield Case(f"statements: {change.old} -> {change.new}", {"web.yml": text})


def of_cdk() -> Iterator[Case]:
    for case in test_cdk.CASES:
        data = json.loads((STACKS / "cdk.json").read_text())
        case.change(data)
        yield Case(f"cdk: {case.name}", {"Web.template.json": json.dumps(data, indent=1)})


def of_branches() -> Iterator[Case]:
    """What neither the samples nor the mutations come to."""
    for name, text in BRANCHES.items():
        options = engine.Options(info=True, pseudo=HERE)
        yield Case(name, {"web.yml": text}, lambda _, it=options: it)  # type: ignore[misc]
    for name, files in FOLDERS.items():
        is_comparing = any(file.startswith("before/") for file in files)
        checked = "after" if is_comparing else "."
        yield Case(name, files, _comparing if is_comparing else _as_configured, checked)


def of_samples() -> Iterator[Case]:
    """The broken sample of each rule, whole folders with their configuration."""
    for rule in RULES:
        root = SAMPLES / rule.name
        paths = sorted(path for path in root.rglob("*") if path.is_file())
        files = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in paths}
        is_comparing = rule.id in COMPARING
        yield Case(rule.name, files, _comparing if is_comparing else _as_configured, _within(rule))


def _within(rule: Rule) -> str:
    return "after" if rule.id in COMPARING else "."


def _as_configured(folder: Path) -> engine.Options:
    file = next(folder.rglob(config.FILE), None)
    options = config.options_of(config.settings_of(file=None if file is None else str(file)))
    scps = [[scp] for scp in sorted(folder.rglob("*.scp.json"))]
    return options._replace(info=True, scps=scps, evidence=sorted(folder.rglob("evidence")))


def _comparing(folder: Path) -> engine.Options:
    options = engine.Options(info=True)
    return options._replace(before=earlier([str(folder / "before")], options))


TABLES: Final[Mapping[str, Callable[[], Iterator[Case]]]] = {
    "samples": of_samples,
    "branches": of_branches,
    "files": of_files,
    "buckets": of_buckets,
    "secrets": of_secrets,
    "launches": of_launches,
    "pipelines": of_pipelines,
    "builds": of_builds,
    "starts": of_starts,
    "statements": of_statements,
    "cdk": of_cdk,
}


# --- one fix ------------------------------------------------------------------------------------


def data_of(file: str) -> Any:
    """The data of a document, None where there is none."""
    return read(file).data if Path(file).is_file() else None


def carried_out(edits: Sequence[Edit]) -> dict[str, Any]:
    """File -> its data with the edits carried out. All paths are those of the document before."""
    data: dict[str, Any] = {}
    # What is removed moves what stands behind it, so it goes last, and the last one first.
    removals = [edit for edit in edits if edit.operation is Operation.REMOVE]
    removals.sort(key=lambda edit: [(isinstance(it, str), it) for it in edit.path], reverse=True)
    for edit in [it for it in edits if it.operation is not Operation.REMOVE] + removals:
        before = data[edit.file] if edit.file in data else data_of(edit.file)
        data[edit.file] = applied(before, edit)
    return data


def told(findings: Sequence[Finding]) -> Counter[tuple[str, str]]:
    return Counter((it.rule, it.message) for it in findings)


def is_uncovered(finding: Finding, gone: Sequence[Finding]) -> bool:
    """Whether a finding is what another one hid, which a fix has ended: of its place, or its call.

    Where a call is denied twice over, one denial is told.
    """
    call = finding.call
    return any(
        it.at == finding.at
        or (call is not None and it.call is not None and call[:3] == it.call[:3])
        for it in gone
    )


def is_lesser(finding: Finding, ended: Finding) -> bool:
    """Whether a finding is a remark, or a warning of what an error was about."""
    shared = {it.place for it in finding.related} & {it.place for it in ended.related}
    is_about_it = bool(shared) or finding.at in {it.place for it in ended.related}
    about = is_about_it or ended.at in {it.place for it in finding.related}
    return finding.severity is Severity.INFO or (about and finding.severity < ended.severity)


@dataclass
class Row:
    """What became of the findings of one rule."""

    findings: int = 0
    fixed: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))
    gone: dict[Way, int] = field(default_factory=lambda: dict.fromkeys(Way, 0))
    kinds: Counter[str] = field(default_factory=Counter)
    not_fixed: Counter[str] = field(default_factory=Counter)


@dataclass
class Table:
    """Rules, and the fixes that are wrong: they leave their finding, or bring another."""

    rows: dict[str, Row] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def add(self, case: Case, folder: Path) -> None:
        """All findings of a case, and the fixes that they have.

        What several mutations of a stack leave as it is, most often a warning of another file, is
        looked at in one of them.
        """
        case.written(folder)
        report = case.report(folder)
        stack = case.name.partition(":")[0]
        for finding in report.findings:
            identity = (stack, finding.rule, finding.message)
            if identity not in self.seen or finding.rule not in STANDING:
                self.seen.add(identity)
                self._add_finding(case, folder, report, finding)

    def _add_finding(self, case: Case, folder: Path, report: Report, finding: Finding) -> None:
        row = self.rows.setdefault(finding.rule, Row())
        row.findings += 1
        done = list[Fix]()
        reason = ""
        for way in Way:
            answer = answer_of(finding, data_of, way)
            if isinstance(answer, NoFix):
                reason = answer.reason or BY_ID[finding.rule].no_fix
            elif answer.gaps:
                reason = FILL_IN
            elif all(answer.edits != other.edits for other in done):
                done.append(answer)
        for fix in done:
            way = Way.ADDED if fix.grants else Way.IN_PLACE
            row.fixed[way] += 1
            row.kinds[fix.applicability.value] += 1
            problem = self._problem(case, folder, report, finding, fix)
            row.gone[way] += not problem
            if problem:
                told = f"{finding.rule} ({finding.cause}) {fix.title}"
                self.wrong.append(f"{case.name}: {told}: {problem}")
        if not done:
            row.not_fixed[reason] += 1

    def _problem(self, case: Case, folder: Path, report: Report, finding: Finding, fix: Fix) -> str:
        """What is wrong with a fix, ``""`` if it ends its finding and brings no other."""
        try:
            changed = carried_out(fix.edits)
        except (KeyError, IndexError, TypeError, AssertionError) as fault:
            return f"does not fit: {fault!r}"
        for file, data in changed.items():
            Path(file).write_text(json.dumps(data), encoding="utf-8")
        try:
            after = case.report(folder)
        except AssertionError as fault:
            return f"refused: {fault}"
        finally:
            case.written(folder)
        was, now = told(report.findings), told(after.findings)
        identity = (finding.rule, finding.message)
        if now[identity] >= was[identity]:
            return "the finding is still there"
        gone = [it for it in report.findings if not now[it.rule, it.message]]
        for other in after.findings:
            is_new = (other.rule, other.message) not in was
            if is_new and not is_uncovered(other, gone) and not is_lesser(other, finding):
                return f"brings {other.rule}: {other.message}"
        return ""

    def lines(self) -> Iterator[str]:
        yield "| rule | findings | in place | gone | added | gone | applicability | not fixed |"
        yield "|---|---|---|---|---|---|---|---|"
        for rule, row in sorted(self.rows.items(), key=lambda it: it[0][1:]):
            counts = [f"{row.fixed[way]} | {row.gone[way]}" for way in Way]
            kinds = " or ".join(sorted(row.kinds, key="review safe".index, reverse=True))
            why = "; ".join(f"{count}: {reason}" for reason, count in row.not_fixed.most_common())
            yield f"| {rule} | {row.findings} | {' | '.join(counts)} | {kinds} | {why} |"


def table_of(cases: Iterable[Case]) -> Table:
    table = Table()
    with tempfile.TemporaryDirectory() as temporary:
        for number, case in enumerate(cases):
            folder = Path(temporary, str(number))
            folder.mkdir()
            table.add(case, folder)
    return table


def main(names: Sequence[str]) -> None:
    chosen = [TABLES[name] for name in names or TABLES]
    table = table_of(case for each in chosen for case in each())
    print(*table.lines(), sep="\n")
    kinds = Counter(re.sub(r"^.*?: (?=[EWI]9\d+ )", "", line)[:60] for line in table.wrong)
    for kind, count in kinds.most_common():
        print(count, kind)
    print(*islice(table.wrong, 0, 400), sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
