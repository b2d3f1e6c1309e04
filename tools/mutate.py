"""Small mistakes, put into a module one at a time, that some test must notice: ``make mutate``.

``make mutate ONLY=iam/layers.py`` takes one module, ``ONLY='iam/layers.py:131 iam/arn.py:60'`` some
lines, ``EVERY=5`` a fifth of the mutants, ``TESTS=tests/base`` some judges. Each mutant runs in a
fork of one process that has loaded everything: the code of its function is replaced, then the tests
run that came by its line, the likeliest first, until one fails: within a second, with few examples
for each property; ``AGAIN=1`` looks longer, with more tests, at what survives that. What is left is
printed, to be read: a test is missing, or the mutant is the same program.

mutmut 3.8 was tried and leaves out every property and decorated function, at some seconds for a
mutant. Not judged here either: what runs on import only, and messages and default values.
"""

from __future__ import annotations

import ast
import copy
import functools
import gc
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NamedTuple

import coverage
import hypothesis
import pytest
from _pytest.runner import runtestprotocol

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCES: Final = ROOT / "src/copilot_preflight"
JUDGED: Final = ("base/symbolic.py", "base/character_sets.py", "iam/*.py", "access/decide.py")
TESTS: Final = ("tests/base", "tests/iam", "tests/access")
LONGER: Final = ("tests/needs", "tests/resolve", "tests/rules")
"""What judges too with ``AGAIN=1``."""

_FEW: Final = 25
_FIRST_SECONDS: Final = 1.2
_MAX_SECONDS: Final = 60
_IMPORTED_BEFORE: Final = "ignore:Module already imported"


class Mutant(NamedTuple):
    """A module with one mistake in it."""

    line: int
    was: str
    becomes: str
    tree: ast.Module

    def __str__(self) -> str:
        return f"{self.line}: {self.was}  ->  {self.becomes}"


# --- the mistakes ---------------------------------------------------------------------------------

_SWAPS: Final[dict[type[ast.AST], type[Any]]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.BitXor: ast.BitOr,
}
_NAMES: Final = {
    "any": "all",
    "all": "any",
    "any_of": "all_of",
    "all_of": "any_of",
    "_either": "_both",
    "_both": "_either",
    "min": "max",
    "max": "min",
    "startswith": "endswith",
    "endswith": "startswith",
}


def mistakes(node: ast.AST) -> Iterator[ast.AST]:
    """What could have been written in the place of a node."""
    if isinstance(node, ast.Compare):
        for index, operator in enumerate(node.ops):
            swapped = _SWAPS.get(type(operator))
            if swapped is not None:
                yield _with(node, ops=[*node.ops[:index], swapped(), *node.ops[index + 1 :]])
    elif isinstance(node, (ast.BinOp, ast.AugAssign)):
        swapped = _SWAPS.get(type(node.op))
        if swapped is not None:
            yield _with(node, op=swapped())
        if isinstance(node, ast.AugAssign):
            yield ast.Pass()
    elif isinstance(node, ast.BoolOp):
        yield _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
        for index in range(len(node.values)):
            rest = [*node.values[:index], *node.values[index + 1 :]]
            yield _with(node, values=rest) if len(rest) > 1 else rest[0]
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Constant):
        yield from _other_values(node)
    elif isinstance(node, (ast.If, ast.IfExp, ast.While)):
        yield from (_with(node, test=ast.Constant(value)) for value in (True, False))
    elif isinstance(node, ast.comprehension):
        for index in range(len(node.ifs)):
            yield _with(node, ifs=[*node.ifs[:index], *node.ifs[index + 1 :]])
    elif isinstance(node, ast.Return):
        if node.value is not None and not isinstance(node.value, ast.Constant):
            yield _with(node, value=ast.Constant(None))
    elif isinstance(node, (ast.Continue, ast.Break)):
        yield ast.Break() if isinstance(node, ast.Continue) else ast.Continue()
    elif isinstance(node, ast.Expr):
        if not isinstance(node.value, ast.Constant):
            yield ast.Pass()
    elif isinstance(node, ast.Name) and node.id in _NAMES:
        yield _with(node, id=_NAMES[node.id])
    elif isinstance(node, ast.Attribute) and node.attr in _NAMES:
        yield _with(node, attr=_NAMES[node.attr])
    elif isinstance(node, ast.Slice):
        yield from (
            _with(node, **{side: None}) for side in ("lower", "upper") if getattr(node, side)
        )


def _other_values(node: ast.Constant) -> Iterator[ast.Constant]:
    value = node.value
    if value is True or value is False or value is None:
        yield from (ast.Constant(other) for other in (True, False, None) if other is not value)
    elif isinstance(value, int):
        yield from (ast.Constant(other) for other in (value + 1, value - 1))
    elif isinstance(value, str):
        yield ast.Constant("" if value else "x")


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def mutants_of(source: str) -> Iterator[Mutant]:
    """Every mutant of a module, but for messages, annotations and defaults."""
    tree = ast.parse(source)
    for parent, name, index, node in list(_places(tree, is_inside=False)):
        for other in mistakes(node):
            ast.copy_location(other, node)
            line = int(getattr(node, "lineno", 0) or getattr(parent, "lineno", 0))
            was = ast.unparse(node)
            _put(parent, name, index, other)
            yield Mutant(
                line,
                was.partition("\n")[0],
                ast.unparse(other).partition("\n")[0],
                ast.fix_missing_locations(copy.deepcopy(tree)),
            )
            _put(parent, name, index, node)


def _put(parent: ast.AST, name: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(parent, name, node)
    else:
        getattr(parent, name)[index] = node


def _places(
    node: ast.AST, *, is_inside: bool
) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """Every place in the functions of a module where something else could stand."""
    is_function = isinstance(node, (ast.FunctionDef, ast.Lambda))
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns", "args", "decorator_list") and not isinstance(
            node, ast.Call
        ):
            continue
        if isinstance(node, ast.Raise) or (name == "format_spec"):
            continue
        many = isinstance(value, list)
        for index, child in enumerate(value if many else [value]):
            if not isinstance(child, ast.AST):
                continue
            docstring = isinstance(child, ast.Expr) and isinstance(child.value, ast.Constant)
            inside = is_inside or is_function
            if inside and not docstring:
                yield node, name, index if many else None, child
            if not docstring:
                yield from _places(child, is_inside=inside)


# --- a mutant at work -----------------------------------------------------------------------------

_Key = tuple[str, int]


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """All functions of a module, nested ones too."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from codes_in(constant)


class Module:
    """A loaded module, of which functions can be replaced where they stand."""

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.source: Final = path.read_text(encoding="utf-8")
        dotted = ".".join(path.relative_to(SOURCES.parent).with_suffix("").parts)
        import_module(dotted.removesuffix(".__init__"))
        self.live: Final[dict[_Key, list[FunctionType]]] = {}
        for found in gc.get_objects():
            if isinstance(found, FunctionType) and found.__code__.co_filename == str(path):
                key = found.__code__.co_name, found.__code__.co_firstlineno
                self.live.setdefault(key, []).append(found)
        self._original = {
            (it.co_name, it.co_firstlineno): it
            for it in codes_in(compile(self.source, str(path), "exec"))
        }

    def take(self, mutant: Mutant) -> bool:
        """Puts a mutant in the place of the original; False if nothing alive differs."""
        changed = False
        for code in codes_in(compile(mutant.tree, str(self.path), "exec")):
            key = code.co_name, code.co_firstlineno
            if self._original.get(key) == code:
                continue
            for function in self.live.get(key, ()):
                if function.__code__.co_freevars == code.co_freevars:
                    function.__code__ = code
                    changed = True
        return changed


def in_fork(work: Callable[[], str], seconds: int) -> str:
    """What some work answers in a process of its own; "timeout" after seconds of CPU time."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        answer = "the tool failed"
        try:
            os.close(reading)
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            signal.signal(signal.SIGXCPU, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
            resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
            answer = work()
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        found = pipe.read().decode()
    os.waitpid(child, 0)
    return found or "timeout"


_Cached: Final = type(functools.lru_cache(len))

# --- the tests ------------------------------------------------------------------------------------


class Judge:
    """The collected tests: how long each takes, and which lines it comes by."""

    def __init__(self, items: Sequence[pytest.Item]) -> None:
        self.items: Final = {item.nodeid: item for item in items}
        self.seconds: Final[dict[str, float]] = {}
        self.noticed: Final[dict[str, int]] = {}
        self._data: coverage.CoverageData
        self._caches: Final = [
            it
            for it in gc.get_objects()
            if isinstance(it, _Cached) and it.__module__.startswith("copilot_preflight")
        ]

    def look(self, files: Sequence[Path]) -> None:
        """Runs all tests once, with few examples, and notes where they come by."""
        with tempfile.TemporaryDirectory() as folder:
            data, times = Path(folder, "data"), Path(folder, "times")

            def run() -> str:
                watch = coverage.Coverage(str(data), include=[str(it) for it in files])
                watch.start()
                with times.open("w", encoding="utf-8") as out:
                    for name, item in self.items.items():
                        self.forget()  # else only the first test comes by what is kept
                        watch.switch_context(name)
                        begin = time.process_time()
                        if not passes(item, _FEW):
                            return name
                        out.write(f"{time.process_time() - begin}\t{name}\n")
                watch.stop()
                watch.save()
                return ""

            failed = in_fork(run, 3600)
            if not data.exists():
                raise SystemExit(f"the tests fail without any mutant: {failed}")
            for line in times.read_text(encoding="utf-8").splitlines():
                seconds, _, name = line.partition("\t")
                self.seconds[name] = float(seconds)
            self._data = coverage.CoverageData(str(data))
            self._data.read()
            self._lines = {
                str(it): self._data.contexts_by_lineno(str(it)) for it in map(Path, files)
            }

    def forget(self) -> None:
        """Empties what the functions of the product keep of earlier tests."""
        for cache in self._caches:
            cache.cache_clear()

    def at(self, path: Path, lines: Iterable[int]) -> list[str]:
        """The tests that come by some lines: what noticed a mistake lately, then the fastest."""
        found = self._lines[str(path)]
        names = {name for line in lines for name in found.get(line, ()) if name}
        own = f"test_{path.stem}.py"
        return sorted(
            names,
            key=lambda name: (-self.noticed.get(name, -1), own not in name, self.seconds[name]),
        )

    def verdict(self, names: Sequence[str], examples: int | None, within: float) -> str:
        """The first test that fails, or "survived"."""
        self.forget()
        spent = 0.0
        for name in names:
            spent += self.seconds[name]
            if spent > within:
                break
            if not passes(self.items[name], examples):
                return f"killed by {name}"
        return "survived"


def passes(item: pytest.Item, examples: int | None) -> bool:
    """Whether a test passes; of a property, with so many examples at most."""
    test: Any = getattr(item, "obj", None)
    own = getattr(test, "_hypothesis_internal_use_settings", None)
    if own is not None:
        most = own.max_examples if examples is None else min(examples, own.max_examples)
        inner = getattr(test, "__func__", test)
        inner._hypothesis_internal_use_settings = hypothesis.settings(own, max_examples=most)
    try:
        reports = runtestprotocol(item, nextitem=None, log=False)
    finally:
        if own is not None:
            inner._hypothesis_internal_use_settings = own
    return not any(report.failed for report in reports)


def judge(judged: Module, mutant: Mutant, tests: Judge, last_line: int) -> str:
    """What becomes of one mutant."""
    names = tests.at(judged.path, range(mutant.line, last_line + 1))
    if not names:
        return "no test comes by"

    def work(examples: int | None, within: float) -> str:
        if not judged.take(mutant):
            return "not judged"
        return tests.verdict(names, examples, within)

    found = in_fork(lambda: work(_FEW, _FIRST_SECONDS), _MAX_SECONDS)
    if found == "survived" and os.environ.get("AGAIN"):
        found = in_fork(lambda: work(None, 10.0), 3 * _MAX_SECONDS)
    if found.startswith("killed by "):
        tests.noticed[found.removeprefix("killed by ")] = len(tests.noticed)
    return found


class Run:
    """A run of pytest whose tests are the judges of mutants."""

    def __init__(self, chosen: Mapping[Path, set[int]], every: int) -> None:
        self.chosen: Final = chosen
        self.every: Final = every

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        modules = [Module(path) for path in self.chosen]
        tests = Judge(session.items)
        tests.look([*self.chosen])
        gc.collect()
        gc.freeze()
        for judged in modules:
            self._report(judged, tests)
        return True

    def _report(self, judged: Module, tests: Judge) -> None:
        name = judged.path.relative_to(SOURCES)
        counts: dict[str, int] = {}
        lines = self.chosen[judged.path]
        mutants = (it for it in mutants_of(judged.source) if not lines or it.line in lines)
        for mutant in islice(mutants, 0, None, self.every):
            found = judge(judged, mutant, tests, mutant.line)
            kind = found.partition(" by ")[0] if found.startswith("killed") else found
            counts[kind] = counts.get(kind, 0) + 1
            if kind not in ("killed", "not judged"):
                print(f"{name}:{mutant}  ({kind})", flush=True)
        told = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items()))
        print(f"== {name}: {sum(counts.values())} mutants: {told}", flush=True)


def main(arguments: Sequence[str]) -> int:
    os.chdir(ROOT)
    # Before the tests' own: a failing example is not to be made smaller, nor kept for the next run.
    phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
    hypothesis.settings.register_profile(
        "mutants", database=None, derandomize=True, phases=phases, print_blob=False
    )
    hypothesis.settings.load_profile("mutants")
    chosen: dict[Path, set[int]] = {}
    for argument in arguments or JUDGED:
        pattern, _, line = argument.partition(":")
        for path in sorted(SOURCES.glob(pattern)):
            chosen.setdefault(path, set()).update([int(line)] if line else [])
    options = ["-q", "-p", "no:cacheprovider", "--capture=no", "-W", _IMPORTED_BEFORE]
    options += (os.environ.get("TESTS") or " ".join(TESTS)).split()
    if os.environ.get("AGAIN"):
        options += LONGER
    return int(pytest.main(options, [Run(chosen, int(os.environ.get("EVERY") or 1))]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
