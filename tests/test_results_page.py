"""Figures in, markdown out: how benchmarks/RESULTS.md is written."""

from __future__ import annotations

from benchmarks.page import Figure, Machine, Page, Sample, Section, markdown, ratio, text

MACHINE = Machine(2, "Some Processor", 8_000_000_000, "Linux")
COLD = Section(
    "One stack, cold",
    "at most 1/17 of cfn-lint's time",
    (
        Figure(
            "svc-prod, 1,028 lines",
            "copilot-preflight",
            (Sample(0.08, 0.07, 21_400_000), Sample(0.075, 0.07, 21_000_000), Sample(0.1, 0.09)),
        ),
        Figure("svc-prod, 1,028 lines", "cfn-lint", (Sample(1.36, 1.3, 1_470_000_000),)),
        Figure("svc-prod, 1,028 lines", "checkov", (), note="stopped after 90 s"),
    ),
    ("cfn-lint",),
    ("Nothing | is left",),
)
BATCH = Section(
    "Many",
    "4 times libyaml",
    (
        Figure("1,000 stacks", "libyaml", (Sample(0.4, 0.4),), 200),
        Figure("1,000 stacks", "copilot-preflight", (Sample(6.0, 6.0),), 1_000),
        Figure("100 stacks", "copilot-preflight", (Sample(0.9, 0.9),), 100),
    ),
    ("libyaml",),
)


def page(*sections: Section, is_quick: bool = False, is_loaded: bool = False) -> str:
    versions = {"copilot-preflight": "1.2.3", "cfn-lint": "1.58.0"}
    return markdown(Page(MACHINE, versions, sections, 12.4, is_quick, is_loaded))


def test_page_says_where_and_with_what_it_was_measured() -> None:
    """The machine in plain words, and the version of every tool."""
    written = page()
    assert "It took 12 minutes on 2 cores of a machine\nwith 8.0 GB of memory: Some Proc" in written
    assert "| copilot-preflight | 1.2.3 |\n| cfn-lint | 1.58.0 |\n" in written
    assert written.endswith("|\n")
    assert "quick run" not in written
    assert "busy" not in written


def test_table_has_medians_spread_memory_and_ratios() -> None:
    """A row for each tool; ratios are those of medians, and memory is the most of any run."""
    assert page(COLD).partition("## One stack, cold\n")[2] == (
        "\nAim: at most 1/17 of cfn-lint's time.\n\n"
        "| what | tool | median | spread | processor | memory | of cfn-lint | note |\n"
        "|---|---|---|---|---|---|---|---|\n"
        "| svc-prod, 1,028 lines | copilot-preflight | 80 ms | 75 ms - 100 ms | 70 ms | 21 MB "
        "| 1/17.0 |  |\n"
        "| svc-prod, 1,028 lines | cfn-lint | 1.4 s | one run | 1.3 s | 1.5 GB |  |  |\n"
        "| svc-prod, 1,028 lines | checkov |  |  |  |  |  | stopped after 90 s |\n"
        "\nNothing | is left.\n"
    )


def test_ratios_are_for_one_of_the_units() -> None:
    """A yardstick may have measured fewer stacks; what has no yardstick has no ratio."""
    rows = page(BATCH).splitlines()
    assert "| 1,000 stacks | copilot-preflight | 6.0 s | one run | 6.0 s | 6.0 ms | 3.0 x |" in rows
    assert "| 100 stacks | copilot-preflight | 900 ms | one run | 900 ms | 9.0 ms |  |" in rows
    assert ratio(1.0, 17.0) == "1/17.0"
    assert ratio(2.5, 1.0) == "2.5 x"


def test_page_owns_up_to_a_quick_run_and_a_busy_machine() -> None:
    """Nobody takes such figures for the real ones."""
    written = page(COLD, is_quick=True, is_loaded=True)
    assert "**A quick run** (`make bench QUICK=1`)" in written
    assert "**The machine was busy with other work**" in written


def test_no_column_is_empty_and_no_cell_breaks_the_table() -> None:
    """Columns that no row fills are left out, and a bar in a name is escaped."""
    section = Section("Odd", "none", (Figure("a|b", "t", (Sample(1, 1),)),))
    assert "| what | tool | median | spread | processor |\n|---|---|---|---|---|\n" in page(section)
    assert "| a\\|b | t | 1.0 s | one run | 1.0 s |\n" in page(section)


def test_a_section_for_the_terminal_is_aligned() -> None:
    """Each benchmark prints its own figures the same way."""
    head, names, first, *_ = text(COLD).splitlines()
    assert head == "== One stack, cold: at most 1/17 of cfn-lint's time"
    assert names.index("tool") == first.index("copilot-preflight")
    assert names.index("median") == first.index("80 ms")
