"""Stacks as lines of text, edits on them, and what must be found afterwards.

Everything is done on the text, so that the lines that are expected are the lines of a file. Nothing
here asks the linter where something stands: blocks are told by their indentation alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Final, NamedTuple

from copilot_preflight.base.finding import Finding, Place, Report
from copilot_preflight.run import check as engine
from copilot_preflight_rules import RULES

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
STACKS = Path(__file__).with_name("stacks")

BUCKET = "stackset-my-app-infrastruc-pipelinebuiltartifactbuc-1abc2def3ghi4"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class Line:
    """A line of a stack; it stays the same object wherever edits around it move it."""

    __slots__ = ("indent", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.indent = len(text) - len(text.lstrip())

    @property
    def is_item(self) -> bool:
        return self.text.lstrip().startswith("- ")


class Block(tuple[Line, ...]):
    """Some lines that belong together: a key or a list item with all that is below it."""

    __slots__ = ()

    @property
    def head(self) -> Line:
        return self[0]

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self)

    def line(self, pattern: str) -> Line | None:
        """The first line that a pattern is found in."""
        return next((line for line in self if re.search(pattern, line.text)), None)

    def block(self, pattern: str) -> Block | None:
        """The block that begins with the first line that a pattern is found in."""
        start = next((i for i, line in enumerate(self) if re.search(pattern, line.text)), None)
        return None if start is None else self._from(start)

    def _from(self, start: int) -> Block:
        head, end = self[start], start + 1
        for index in range(start + 1, len(self)):
            line = self[index]
            if not line.text.strip():
                continue
            beside = line.indent == head.indent and line.is_item and not head.is_item
            if line.indent <= head.indent and not beside:
                break
            end = index + 1
        return Block(self[start:end])

    def items(self) -> Iterator[Block]:
        """The items of the list that stands below this key."""
        indent = next((line.indent for line in self[1:] if line.is_item), None)
        for index, line in enumerate(self):
            if index and line.is_item and line.indent == indent:
                yield self._from(index)


class Statement(NamedTuple):
    """A statement of a policy, with the lines that an edit may change."""

    block: Block
    effect: Line
    action: Block
    resource: Block

    @property
    def entry(self) -> Line:
        """The line of the first ARN."""
        return next(self.resource.items(), self.resource).head


class EnvFile(NamedTuple):
    """An environment file of a stack, and the grant that lets the execution role read it."""

    name: str
    value: Line
    element: Block
    files: Line
    policy: Block
    read: Statement
    locate: Statement
    arn: str
    said: str
    condition: str
    is_pinned: bool

    @property
    def bucket(self) -> str:
        return self.arn.split(":")[5].partition("/")[0]

    @property
    def key(self) -> str:
        return self.arn.partition("/")[2]

    @property
    def hash(self) -> str:
        found = re.search("[0-9a-f]{64}", self.key)
        return found[0] if found else ""


@dataclass(frozen=True)
class Stack:
    """A stack with env files. ``said`` are the ARNs by what the template says in their place."""

    name: str
    text: str
    parameters: Mapping[str, str]
    arns: Mapping[str, str]
    pseudo: Mapping[str, str] = field(default_factory=dict)
    is_encrypted: bool = False

    def __str__(self) -> str:
        return self.name

    @cached_property
    def lines(self) -> Block:
        return Block(map(Line, self.text.splitlines()))

    @cached_property
    def task(self) -> Block:
        """The task definition; it stands under its logical id."""
        return self.resource(self._id_of("AWS::ECS::TaskDefinition"))

    def _id_of(self, kind: str) -> str:
        name = ""
        for line in self.lines:
            if found := re.match(r"  (\w+):\s*$", line.text):
                name = found[1]
            if line.text.strip() == f"Type: {kind}":
                return name
        raise LookupError(kind)

    def resource(self, logical_id: str) -> Block:
        start = rf"^  {logical_id}:"
        found = self.section("Resources").block(start)
        assert found is not None, logical_id
        return found

    def section(self, name: str) -> Block:
        found = self.lines.block(rf"^{name}:")
        assert found is not None, name
        return found

    @cached_property
    def role_id(self) -> str:
        return self._role_id("ExecutionRoleArn")

    @cached_property
    def task_role_id(self) -> str:
        return self._role_id("TaskRoleArn")

    def _role_id(self, key: str) -> str:
        found = re.search(rf"{key}: !GetAtt (\w+)\.Arn", self.task.text)
        assert found is not None
        return found[1]

    @cached_property
    def role(self) -> Block:
        return self.resource(self.role_id)

    @cached_property
    def task_role(self) -> Block:
        return self.resource(self.task_role_id)

    @cached_property
    def files(self) -> tuple[EnvFile, ...]:
        return tuple(self._files())

    def _files(self) -> Iterator[EnvFile]:
        files: Line | None = None
        for index, line in enumerate(self.task):
            if line.text.strip() == "EnvironmentFiles:":
                files = line
            found = re.match(r"\s+Value: (.*\S)", line.text)
            if files is None or found is None or found[1] not in self.arns:
                continue
            said = found[1]
            policy = self._policy(said)
            condition = re.search(r"^ +- (Has\w+|Is\w+|\w+EnvFile)$", policy.text, re.MULTILINE)
            element = Block(self.task[index - 1 : index + 1])
            arn = self.arns[said]
            yield EnvFile(
                name=said,
                value=line,
                element=element,
                files=files,
                policy=policy,
                read=_statement(policy, "s3:GetObject"),
                locate=_statement(policy, "s3:GetBucketLocation"),
                arn=arn,
                said=said,
                condition=condition[1] if condition else "",
                is_pinned=bool(re.search("[0-9a-f]{64}", arn)),
            )
            files = None

    def _policy(self, said: str) -> Block:
        policies = self.role.block(r"^ +Policies:")
        assert policies is not None
        whole = re.compile(re.escape(said) + r"(?!\w)")
        return next(item for item in policies.items() if whole.search(item.text))

    def decrypts(self) -> list[Statement]:
        """The statements of the execution role that let it decrypt."""
        found = (_statements(item) for item in self.role_policies())
        return [s for each in found for s in each if "kms:Decrypt" in s.action.text]

    def role_policies(self) -> Iterator[Block]:
        policies = self.role.block(r"^ +Policies:")
        assert policies is not None
        return policies.items()

    @property
    def has_key(self) -> bool:
        return "ArtifactKeyARN" in self.parameters

    @property
    def is_copilot(self) -> bool:
        return self.files[0].said.startswith("!Ref")

    @property
    def is_windows(self) -> bool:
        return "OperatingSystemFamily: WINDOWS" in self.text

    def is_alone(self, file: EnvFile) -> bool:
        """Whether no other environment file of the stack is in a file's bucket."""
        return sum(other.bucket == file.bucket for other in self.files) == 1


def _statements(policy: Block) -> Iterator[Statement]:
    found = policy.block(r"^ +Statement:")
    for block in found.items() if found else ():
        effect = block.line(r"Effect:")
        action, resource = block.block(r"^ +Action:"), block.block(r"^ +Resource:")
        if effect and action and resource:
            yield Statement(block, effect, action, resource)


def _statement(policy: Block, action: str) -> Statement:
    return next(s for s in _statements(policy) if re.search(rf"{action}\b", s.action.text))


# --- the stacks ------------------------------------------------------------------------------


def copilot_stacks() -> list[Stack]:
    """Copilot's golden stacks that have an environment file; none where the corpus is absent."""
    paths = sorted(p for p in CORPUS.rglob("*.yml") if "GetEnvFilePolicy" in p.read_text())
    return [copilot_stack(path, str(path.relative_to(CORPUS))) for path in paths]


def copilot_stack(path: Path, name: str, buckets: Mapping[str, str] | None = None) -> Stack:
    """A Copilot stack with an ARN for each environment file that it has a parameter for."""
    text = path.read_text()
    values = {"AppName": "my-app", "EnvName": "test", "WorkloadName": "fe", "ArtifactKeyARN": KEY}
    golden = _golden_parameters(path)
    values = golden or values
    declared = re.findall(r"^  (\w*EnvFileARN\w*):$", text, re.MULTILINE)
    for parameter in declared:
        digest = hashlib.sha256(parameter.encode()).hexdigest()
        bucket = (buckets or {}).get(parameter, BUCKET)
        key = f"manual/env-files/{parameter.lower()}.env/{digest}.env"
        values[parameter] = f"arn:aws:s3:::{bucket}/{key}"
    return Stack(name, text, values, {f"!Ref {p}": values[p] for p in declared})


def _golden_parameters(path: Path) -> dict[str, str]:
    for old, new in ((".stack.yml", ".params.json"), ("template", "params")):
        beside = path.with_name(path.name.replace(old, new)).with_suffix(".json")
        if beside != path and beside.is_file():
            found: dict[str, str] = json.loads(beside.read_text())["Parameters"]
            return found
    return {}


def own_stacks() -> list[Stack]:
    """The stacks beside this file, so that the suite means something without the corpus."""
    ecs = (STACKS / "ecs.yml").read_text()
    buckets = {"ConfigBucket": "my-config", "WorkerBucket": "their-config"}
    arns = {}
    for said in re.findall(r"Value: (!Sub .*)", ecs):
        arn = said.removeprefix("!Sub ").strip("'").replace("${AWS::Partition}", "aws")
        for parameter, bucket in buckets.items():
            arn = arn.replace(f"${{{parameter}}}", bucket)
        arns[said] = arn
    return [
        copilot_stack(
            STACKS / "copilot.yml", "copilot.yml", {"EnvFileARNForproxy": "the-proxys-bucket"}
        ),
        Stack(
            "ecs.yml", ecs, {"EnvName": "test", **buckets}, arns, {"AWS::Region": "eu-central-1"}
        ),
    ]


def bucket_stack() -> Stack:
    """A stack that holds its own bucket and key; its ARNs are known by name only."""
    text = (STACKS / "bucket.yml").read_text()
    said = re.findall(r"Value: (!Sub .*)", text)
    arns = {each: f"arn:aws:s3:::files/{each.partition('/')[2].rstrip(chr(39))}" for each in said}
    region = {"AWS::Region": "eu-central-1"}
    return Stack("bucket.yml", text, {}, arns, region, is_encrypted=True)


# --- editing ---------------------------------------------------------------------------------


class Inapplicable(Exception):
    """A mutation has nothing to change in a stack."""


_MARK = re.compile(r"\s+#([a-z][a-z ]*)$")


class Outside(NamedTuple):
    """Statements from outside the run: of policies by name, of SCPs and of RCPs by level."""

    policies: dict[str, str]
    scps: list[str]
    rcps: list[str]


class Site:
    """A copy of a stack to be changed, with the environment file that a mutation is about.

    Fragments of YAML are written as they stand in a template, at any indentation. ``<object>`` and
    the like stand for names of the file; a line that ends in ``#name`` is marked with that name.
    """

    def __init__(self, stack: Stack, file: EnvFile) -> None:
        self.stack = stack
        self.file = file
        self.lines = list(stack.lines)
        self.parameters = dict(stack.parameters)
        self.marks: dict[str, Line] = {}
        self.outside = Outside({}, [], [])
        self._became: dict[Line, Line] = {}

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines) + "\n"

    def remove(self, block: Block) -> None:
        start, end = self._range(block)
        del self.lines[start:end]

    def replace(self, block: Block, fragment: str) -> None:
        start, end = self._range(block)
        self.lines[start:end] = self._made(fragment, block.head.indent)

    def after(self, block: Block, fragment: str) -> None:
        """Puts a sibling behind a block."""
        _, end = self._range(block)
        self.lines[end:end] = self._made(fragment, block.head.indent)

    def before(self, block: Block, fragment: str) -> None:
        start, _ = self._range(block)
        self.lines[start:start] = self._made(fragment, block.head.indent)

    def add_item(self, key: Block | None, fragment: str) -> None:
        """Puts an item in front of the others in the list below a key."""
        if key is None:
            raise Inapplicable
        at = self.lines.index(key.head) + 1
        self.lines[at:at] = self._made(fragment, next(key.items()).head.indent)

    def add_to(self, section: str, fragment: str) -> None:
        """Adds a resource, a condition or a parameter, in front of the others."""
        at = self.lines.index(self.stack.section(section).head)
        self.lines[at + 1 : at + 1] = self._made(fragment, 2)

    def add_section(self, fragment: str) -> None:
        """Adds a section in front of the resources."""
        at = self.lines.index(self.stack.section("Resources").head)
        self.lines[at:at] = self._made(fragment, 0)

    def swap(self, line: Line, old: str, new: str) -> Line:
        """Changes some characters of a line."""
        changed = Line(re.sub(old, self.filled(new), line.text, count=1))
        assert changed.text != line.text, line.text
        self.lines[self.lines.index(line)] = changed
        self._became[line] = changed
        return changed

    def move(self, block: Block, key: Block | None) -> None:
        """Takes an item from its list to the end of the list below another key."""
        if key is None:
            raise Inapplicable
        self.remove(block)
        last = list(key.items())[-1]
        _, end = self._range(last)
        self.lines[end:end] = self._shifted(block, last.head.indent - block.head.indent)

    def wrap(self, block: Block, condition: str, *, otherwise: bool = False) -> None:
        """Puts an item into an ``!If``: into its second branch with ``otherwise``."""
        start, end = self._range(block)
        indent = " " * block.head.indent
        nothing = Line(f"{indent}  - !Ref AWS::NoValue")
        lines = self._shifted(block, 2)
        branches = [nothing, *lines] if otherwise else [*lines, nothing]
        head = [Line(f"{indent}- !If"), Line(f"{indent}  - {self.filled(condition)}")]
        self.lines[start:end] = [*head, *branches]

    def _shifted(self, block: Block, by: int) -> list[Line]:
        made = []
        for line in map(self._now, block):
            text = " " * (line.indent + by) + line.text.lstrip() if line.text.strip() else ""
            self._became[line] = Line(text)
            made.append(self._became[line])
        return made

    def filled(self, fragment: str) -> str:
        file, stack = self.file, self.stack
        folder, _, last = file.key.rpartition("/")
        names = {
            "object": file.arn,
            "bucket": f"arn:aws:s3:::{file.bucket}",
            "name": file.bucket,
            "key": file.key,
            "last": last,
            "folder": folder,
            "hash": file.hash,
            "stale": file.arn.replace(file.hash, "5ca1ab1e" * 8) if file.hash else "",
            "value": file.said,
            "parameter": file.said.removeprefix("!Ref "),
            "condition": file.condition,
            "role": stack.role_id,
            "task role": stack.task_role_id,
        }
        return re.sub(r"<([a-z ]+)>", lambda found: names[found[1]], fragment)

    def _made(self, fragment: str, indent: int) -> list[Line]:
        made = []
        for text in self.filled(dedent(fragment).strip("\n")).splitlines():
            mark = _MARK.search(text)
            line = Line(" " * indent + _MARK.sub("", text))
            if mark:
                self.marks[mark[1]] = line
            made.append(line)
        return made

    def _range(self, block: Block) -> tuple[int, int]:
        return self.lines.index(block[0]), self.lines.index(block[-1]) + 1

    def number(self, mark: str, file: EnvFile) -> int:
        """The line number, from 1, of a mark."""
        line = self._now(self.marks.get(mark) or self._known(mark, file))
        return self.lines.index(line) + 1

    def _now(self, line: Line) -> Line:
        while line in self._became:
            line = self._became[line]
        return line

    def _known(self, mark: str, file: EnvFile) -> Line:
        stack = self.stack
        known: dict[str, Callable[[], Line | None]] = {
            "value": lambda: file.value,
            "files": lambda: file.files,
            "entry": lambda: file.read.entry,
            "grant": lambda: file.read.block.head,
            "action": lambda: next(file.read.action.items(), file.read.action).head,
            "bucket entry": lambda: file.locate.entry,
            "bucket grant": lambda: file.locate.block.head,
            "task": lambda: stack.task.head,
            "role": lambda: stack.role.head,
            "task role": lambda: stack.task_role.head,
            "role arn": lambda: stack.task.line("ExecutionRoleArn:"),
            "key": lambda: stack.resource("Files").line("KMSMasterKeyID:"),
            "trust": lambda: stack.role.line("AssumeRolePolicyDocument:"),
            "trusted": lambda: stack.role.line("Service:"),
            "assume": lambda: stack.role.line("sts:AssumeRole"),
        }
        found = known[mark]()
        assert found is not None, mark
        return found


# --- what is expected ------------------------------------------------------------------------

ALL, OTHERS, ELSEWHERE, NONE = "all", "others", "elsewhere", "none"


@dataclass(frozen=True)
class Finds:
    """A finding. ``at`` and ``related`` are marks; ``related`` must be among its related places."""

    rule: str
    at: str = "value"
    cause: str = ""
    related: str = ""
    every_file: bool = False
    times: int = 1
    says: str = ""


Edit = Callable[[Site], None]


@dataclass(frozen=True)
class Mutation:
    """A change to a stack, and all that must be found after it.

    ``pinned`` tells for which files the stack's own pinned grants are still there to be warned of:
    ALL, OTHERS (than the one at hand), ELSEWHERE (those in other buckets) or NONE. ``blind``
    mutations are proved without parameter values as well. ``where`` picks the stacks and files
    that the mutation makes sense for.
    """

    name: str
    edits: tuple[Edit, ...]
    finds: tuple[Finds, ...] = ()
    pinned: str = OTHERS
    blind: bool = False
    where: Callable[[Stack, EnvFile], bool] = field(default=lambda _stack, _file: True)

    def apply(self, stack: Stack, file: EnvFile) -> Site | None:
        """The changed stack; None where there is nothing to change."""
        if not self.where(stack, file):
            return None
        site = Site(stack, file)
        try:
            for edit in self.edits:
                edit(site)
        except Inapplicable:
            return None
        return site


Where = tuple[str, int]
"""A rule and a line."""


class Found(NamedTuple):
    """A finding by its lines. Lines of other files than the template are left out."""

    rule: str
    line: int
    cause: str
    related: tuple[int, ...]
    message: str


RULES_OF_FILES: Final = tuple(
    rule
    for rule in RULES
    if re.match(r"[EWI]97([1-36]|5[1-4]|90)", rule.id) and rule.id not in ("W9735", "E9734")
)
"""The rules that have a say about environment files, or the grants for them."""

_OF_ALL: Final = re.compile(r"E973[13]|[EW]976\d|I9790")
"""The rules that speak of whatever a stack needs: of these, the environment files are looked at."""

_NUMBERS = count()


def check(site: Site, folder: Path, *, blind: bool = False) -> list[Found]:
    """What the linter finds in a changed stack, remarks included."""
    name = f"fe-{next(_NUMBERS)}"  # writing over a file is slow
    template = folder / f"{name}.stack.yml"
    template.write_text(site.text)
    if site.parameters and not blind:
        values = {"Parameters": site.parameters}
        template.with_name(f"{name}.params.json").write_text(json.dumps(values))
    options = engine.Options(
        rules=RULES_OF_FILES,
        info=True,
        pseudo=site.stack.pseudo,
        policies=[
            *policies_of_buckets(site, folder),
            *((name, _policy_file(folder, text)) for name, text in site.outside.policies.items()),
        ],
        scps=[[_policy_file(folder, text)] for text in site.outside.scps],
        rcps=[[_policy_file(folder, text)] for text in site.outside.rcps],
    )
    report = engine.check([str(template)], options)
    assert not report.errors, (report.errors, site.text)
    return found_in(report, str(template))


def _policy_file(folder: Path, statements: str) -> Path:
    path = folder / f"policy-{next(_NUMBERS)}.yml"
    path.write_text(f"Statement: [{statements}]\n")
    return path


def policies_of_buckets(site: Site, folder: Path) -> list[tuple[str, Path]]:
    """Policies of the buckets outside the run, which leave access to IAM, as Copilot's own does."""
    path = folder / "leaves-access-to-iam.json"
    if not path.exists():
        root = {"AWS": "arn:aws:iam::111122223333:root"}
        statement = {"Effect": "Allow", "Principal": root, "Action": "s3:*", "Resource": "*"}
        path.write_text(json.dumps({"Statement": statement}))
    names = dict.fromkeys(arn.split(":")[5].partition("/")[0] for arn in site.stack.arns.values())
    is_copilot = any(said.startswith("!Ref") for said in site.stack.arns)
    return [(name, path) for name in names if not is_copilot or f"s3:::{name}" in site.text]


def found_in(report: Report, template: str) -> list[Found]:
    """The findings of a report by the lines of one template."""

    def line(place: Place) -> int:
        return report.sources[place.file].span(place.path, key=place.key).start.line

    def lines(finding: Finding) -> tuple[int, ...]:
        return tuple(line(r.place) for r in finding.related if r.place.file == template)

    return [
        Found(f.rule, line(f.at), f.cause, lines(f), f.message)
        for f in report.findings
        if f.at.file == template and (not _OF_ALL.match(f.rule) or "environment file" in f.message)
    ]


NOTHING: Final = Mutation("nothing", (), pinned=ALL)
"""The stack as it is."""


def problems(mutation: Mutation, site: Site, found: list[Found]) -> Iterator[str]:
    """What is found and should not be, or should be and is not."""
    wanted = list(_wanted(mutation, site))
    counted = _counted((f.rule, f.line) for f in found)
    expected = _counted(where for where, _ in wanted)
    for rule, number in sorted((counted - expected).elements()):
        told = next(f for f in found if (f.rule, f.line) == (rule, number))
        yield f"unexpected {rule} ({told.cause}) at line {number}: {told.message}"
    for rule, number in sorted((expected - counted).elements()):
        yield f"no {rule} at line {number}: {site.lines[number - 1].text.strip()}"
    for where, finds in wanted:
        for f in found:
            if finds is not None and (f.rule, f.line) == where:
                yield from _differences(finds, f, site)


def _counted(places: Iterable[Where]) -> Counter[Where]:
    """How often a rule has something to say of a line; of what cannot be decided, once is enough.

    A file has as many remarks as there are sets of missing facts among its calls.
    """
    counted = Counter(places)
    return Counter({at: 1 if at[0] == "I9790" else count for at, count in counted.items()})


def _wanted(mutation: Mutation, site: Site) -> Iterator[tuple[Where, Finds | None]]:
    stack = site.stack
    for file in stack.files:
        kept = {
            ALL: True,
            OTHERS: file is not site.file,
            ELSEWHERE: file.bucket != site.file.bucket,
            NONE: False,
        }
        if file.is_pinned and kept[mutation.pinned]:
            yield ("W9713", site.number("entry", file)), None
        if stack.is_windows:
            yield ("E9717", site.number("files", file)), None
    for finds in mutation.finds:
        files = stack.files if finds.every_file else (site.file,)
        if finds.rule == "E9715":  # one finding for all files, which lie under one key here
            files = files[:1]
        for file in files:
            for _ in range(finds.times):
                yield (finds.rule, site.number(finds.at, file)), finds


def _differences(finds: Finds, found: Found, site: Site) -> Iterator[str]:
    if finds.cause and found.cause != finds.cause:
        yield f"{found.rule} has cause '{found.cause}', not '{finds.cause}': {found.message}"
    if finds.says and finds.says not in found.message:
        yield f"{found.rule} does not say '{finds.says}': {found.message}"
    if finds.related and not finds.every_file:
        number = site.number(finds.related, site.file)
        if number not in found.related:
            yield f"{found.rule} has no related place at line {number}, only {found.related}"
