"""Fuzzes for some seconds, or runs inputs again: ``make fuzz SECONDS=60``.

Each fuzzer runs in a process of its own. Where atheris can be imported, coverage steers it and what
reaches new code is kept in ``.fuzz/``; elsewhere the seeds are mutated at random. An input on which
something is wrong is made smaller and written to ``.fuzz/found/``, once for each thing that is
wrong.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Final
from zlib import crc32

ROOT: Final = Path(__file__).parents[2]
KEPT: Final = ROOT / ".fuzz"
NAMES: Final = ("load", "parsers", "patterns", "resolve", "check", "settings", "simulate")

_ADDRESS_SPACE: Final = 4 << 30
_OURS: Final = "copilot_preflight"
_ENGINE: Final = tuple(
    f"{_OURS}.{it}" for it in ("base", "resolve", "model", "needs", "access", "iam", "statements")
)
_INSTRUMENTED: Final[Mapping[str, Sequence[str]]] = {
    "load": (f"{_OURS}.read",),
    "parsers": (f"{_OURS}.read", "yaml"),
    "patterns": (f"{_OURS}.read", f"{_OURS}.base", "jsonpath_ng"),
    "resolve": (*_ENGINE, f"{_OURS}.checks", f"{_OURS}_rules"),
    "check": (*_ENGINE, f"{_OURS}.inputs", f"{_OURS}.run", f"{_OURS}.render", f"{_OURS}_rules"),
    "settings": tuple(f"{_OURS}.{it}" for it in ("config", "run", "render", "base", "read", "cli")),
    "simulate": tuple(f"{_OURS}.{it}" for it in ("simulator", "iam", "base", "cli")),
}
"""The packages whose coverage steers a fuzzer: to look at a line costs time wherever it is."""

_MINIMISING: Final = 60.0
"""Seconds at most for each input that was found."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="make fuzz", usage="make fuzz SECONDS=60 FUZZERS='load'")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--random", action="store_true", help="not steered by coverage: faster")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--replay", metavar="FILE", type=Path, nargs="+")
    parser.add_argument("names", nargs="*", metavar="FUZZER", help=", ".join(NAMES))
    given = parser.parse_args()
    if unknown := set(given.names).difference(NAMES):
        parser.error(f"no fuzzer '{min(unknown)}': there are {', '.join(NAMES)}")
    names: Sequence[str] = given.names or NAMES
    if given.replay:
        return replay(given.replay)
    seed = given.seed if given.seed is not None else int(time.time())
    if given.here:
        (name,) = names
        return Session(name, given.seconds, seed).run(steered=not given.random)
    begin = time.monotonic()
    for number, name in enumerate(names):
        left = given.seconds - (time.monotonic() - begin)
        share = max(left, 0.0) / (len(names) - number)
        options = ["--here", "--seconds", str(share), "--seed", str(seed), name]
        options += ["--random"] if given.random else []
        subprocess.run([sys.executable, "-m", "tests.fuzz.run", *options], cwd=ROOT, check=False)
    found = sorted(KEPT.glob("found/*/*"))
    for path in found:
        print(f"found: {path.relative_to(ROOT)}")
    return 1 if found else 0


def replay(paths: list[Path]) -> int:
    """Runs inputs again, each under the fuzzer whose name its folder has."""
    failed = 0
    for path in paths:
        what = wrong_with(path.parent.name, path.read_bytes(), shown=True)
        print(f"{path}: {what or 'nothing is wrong'}")
        failed |= bool(what)
    return failed


def wrong_with(name: str, data: bytes, *, shown: bool = False) -> str:
    """What is wrong with an input, the same for all that show one fault; ``""`` for nothing."""
    from tests.fuzz.fuzzers import FUZZERS
    from tests.fuzz.limits import Exceeded, limited
    from tests.fuzz.oracles import Wrong

    fuzzer = FUZZERS[name]
    try:
        with limited(fuzzer.seconds):
            fuzzer.run(data)
    except Wrong as wrong:
        return str(wrong)
    except (Exception, Exceeded) as fault:
        if shown:
            traceback.print_exc()
        if isinstance(fault, Exceeded):
            return str(fault)
        return f"{type(fault).__name__} at {_place(fault)}"
    return ""


def _place(fault: BaseException) -> str:
    """The deepest line of ours in a traceback."""
    frames = [
        f"{Path(frame.filename).name}:{frame.name}"
        for frame in traceback.extract_tb(fault.__traceback__)
        if "copilot_preflight" in frame.filename and "site-packages" not in frame.filename
    ]
    return frames[-1] if frames else "no line of ours"


class Session:
    """A fuzzer at work, and what it found."""

    def __init__(self, name: str, seconds: float, seed: int) -> None:
        self.name = name
        self.seed = seed
        self.seconds = seconds
        self.begin = self.end = 0.0
        self.executions = 0
        self.found: dict[str, bytes] = {}
        self.longest = 0.0

    def run(self, *, steered: bool = True) -> int:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, hard))
        if steered and find_spec("atheris") is not None:
            self._by_coverage()
        else:
            self._at_random()
        return self.close()

    def _restart(self) -> None:
        self.begin = time.monotonic()
        self.end = self.begin + self.seconds

    def execute(self, data: bytes) -> None:
        """Runs one input and keeps it if something new is wrong."""
        self.executions += 1
        begin = time.process_time()
        what = wrong_with(self.name, data)
        self.longest = max(self.longest, time.process_time() - begin)
        if what and len(data) < len(self.found.get(what, data + b"+")):
            if what not in self.found:
                print(f"{self.name}: {what}", flush=True)
            self.found[what] = data
            self._write(what, data)

    def _write(self, what: str, data: bytes) -> Path:
        slug = "".join(c if c.isalnum() else "-" for c in what.lower())[:60].strip("-")
        path = KEPT / "found" / self.name / f"{slug}-{crc32(what.encode()):08x}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def close(self) -> int:
        """Makes smaller what was found, and says how much was done."""
        took = time.monotonic() - self.begin
        print(
            f"{self.name}: {self.executions:,} executions in {took:.0f} s, "
            f"{self.executions / took:,.0f} a second, the longest {self.longest:.2f} s; "
            f"{len(self.found)} things wrong",
            flush=True,
        )
        for what, data in self.found.items():
            self._write(what, smaller(data, partial(self._shows, what)))
        return 1 if self.found else 0

    def _shows(self, what: str, data: bytes) -> bool:
        return wrong_with(self.name, data) == what

    def _at_random(self) -> None:
        from tests.fuzz.fuzzers import FUZZERS

        self._restart()
        fuzzer = FUZZERS[self.name]
        chance = Random(self.seed)
        seeds = fuzzer.seeds()
        while time.monotonic() < self.end:
            data = chance.choice(seeds)
            for _ in range(chance.choice((1, 1, 2, 5))):
                data = fuzzer.mutate(data, chance)
            self.execute(data)

    def _by_coverage(self) -> None:
        import atheris

        with atheris.instrument_imports(include=_INSTRUMENTED[self.name]):
            from tests.fuzz.fuzzers import FUZZERS

        self._restart()
        fuzzer = FUZZERS[self.name]
        corpus = KEPT / "corpus" / self.name
        corpus.mkdir(parents=True, exist_ok=True)
        for seed in fuzzer.seeds():
            (corpus / f"seed-{crc32(seed):08x}").write_bytes(seed)

        def one(data: bytes) -> None:
            self.execute(data)
            if time.monotonic() > self.end:
                status = self.close()
                sys.stdout.flush()
                os._exit(status)  # libFuzzer ends the process itself, and says nothing of ours

        def mutated(data: bytes, _most: int, seed: int) -> bytes:
            return bytes(fuzzer.mutate(data, Random(seed)))

        options = [
            "-timeout=100000",
            "-report_slow_units=100000",
            "-rss_limit_mb=0",
            "-len_control=0",
            "-max_len=65536",
        ]
        quiet = ["-verbosity=0", "-print_final_stats=0", f"-seed={self.seed % 2**31}"]
        atheris.Setup(["fuzz", *options, *quiet, str(corpus)], one, custom_mutator=mutated)
        atheris.Fuzz()


def smaller(data: bytes, shows: Callable[[bytes], bool]) -> bytes:
    """A shorter input that shows the same, as far as that is found in time."""
    end = time.monotonic() + _MINIMISING
    size = len(data) // 2
    while size and time.monotonic() < end:
        before = len(data)
        for part in _without_parts(data, size):
            if time.monotonic() > end:
                break
            if shows(part):
                data = part
                break
        if len(data) == before:
            size //= 2
    return data


def _without_parts(data: bytes, size: int) -> Iterator[bytes]:
    for at in range(0, len(data), size):
        yield data[:at] + data[at + size :]


if __name__ == "__main__":
    sys.exit(main())
