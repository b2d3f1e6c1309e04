"""A cold `copilot-preflight check` next to the tools that people have today, on the same file.

The aim: at most 1/17 of cfn-lint's time on a stack of 1,000 lines.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import page
from measure import run
from page import Figure, Sample, Section
from stacks.copilot import copilot_stack

from tools import own, peers

LINES = 1_000
ROUNDS, QUICK_ROUNDS = 7, 2
AIM = 17

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

FLOORS = {
    "the interpreter alone": "pass",
    "import yaml": "import yaml",
    "import click": "import click",
    "libyaml's compose": "import sys, yaml; yaml.compose(open(sys.argv[1]), yaml.CSafeLoader)",
}
"""What no version of this tool can be faster than, and what it need not load, each by itself."""


def stack_of(lines: int) -> str:
    """The generated stack that comes closest to a number of lines."""
    tables = 0
    while (text := copilot_stack(containers=4, statements=40, resources=tables)).count(
        "\n"
    ) < lines:
        tables += 1
    return text


def sections(*, quick: bool = False) -> Iterator[Section]:
    """The times of all tools, and what is left above the floors."""
    with tempfile.TemporaryDirectory() as folder:
        generated = Path(folder, "web-test.stack.yml")
        generated.write_text(stack_of(LINES), encoding="utf-8")
        files = {"generated": generated}
        golden = CORPUS / "copilot-v1.33.2" / "workloads" / "svc-prod.stack.yml"
        if golden.is_file():
            files["Copilot's svc-prod"] = golden
        found: list[Figure] = []
        floors: list[Figure] = []
        for label, file in files.items():
            count = file.read_text(encoding="utf-8").count("\n")
            what = f"{label}, {count:,} lines"
            mine, others = own(), peers()
            if quick:
                others = others[:1]
            commands = {tool.name: tool.command([file]) for tool in (mine, *others)}
            found += measured(what, commands, QUICK_ROUNDS if quick else ROUNDS)
            bare = {name: [sys.executable, "-c", code, str(file)] for name, code in FLOORS.items()}
            bare = {mine.name: commands[mine.name], **bare}
            floors += measured(what, bare, 3 if quick else 15)
    aim = f"at most 1/{AIM} of cfn-lint's time"
    yield Section("One stack, cold", aim, tuple(found), ("cfn-lint",))
    yield Section(
        "What is left above the floors of a cold check",
        "as little as can be; a check with plain options loads neither click nor PyYAML",
        tuple(floors),
        ("copilot-preflight",),
        tuple(_above(floors)),
    )


def measured(what: str, commands: dict[str, list[str]], rounds: int) -> Iterator[Figure]:
    """The commands take turns, so that noise hits all; memory is looked at in the first round.

    That round counts for nothing else: it fills the caches.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in commands}
    memory = {}
    for name, command in commands.items():
        looked_at = run(command, watch=0.005)
        assert looked_at is not None
        memory[name] = looked_at.memory
    for _ in range(rounds):
        for name, command in commands.items():
            taken = run(command, watch=0)
            assert taken is not None
            samples[name].append(taken._replace(memory=memory[name]))
    for name, taken_by in samples.items():
        yield Figure(what, name, tuple(taken_by))


def _above(figures: list[Figure]) -> Iterator[str]:
    for what in dict.fromkeys(figure.what for figure in figures):
        cpu = {figure.tool: figure.cpu * 1000 for figure in figures if figure.what == what}
        start = cpu["the interpreter alone"]
        rest = cpu["copilot-preflight"] - start
        yield (
            f"{what}: {cpu['copilot-preflight']:.0f} ms of the processor, of which {start:.0f} are "
            f"the interpreter; {rest:.0f} ms are left, for the standard library and ours"
        )


def main() -> None:
    for section in sections():
        print(page.text(section))


if __name__ == "__main__":
    main()
