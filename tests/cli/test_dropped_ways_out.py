"""Ways out that no report shows take up no memory, and those that one shows are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from copilot_preflight.render.formats import render
from copilot_preflight.run import check as engine
from copilot_preflight.run.options import Options

Run = Callable[..., Any]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("arguments", "drops"),
    [
        (("--format", "concise"), True),
        (("--format", "gitlab"), True),
        (("--format", "concise", "--output", "gitlab=report.json"), True),
        (("--format", "concise", "--output", "json=report.json"), False),
        (("--quiet",), False),
        ((), False),
    ],
)
def test_they_are_dropped_where_no_format_shows_them(
    arguments: tuple[str, ...],
    drops: bool,
    run: Run,
    write: Write,
    templates: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[bool] = []
    checked = engine.checked

    def noted(paths: Iterable[str], options: Options | None = None) -> engine.Checked:
        assert options is not None
        seen.append(options.drops_ways_out)
        return checked(paths, options)

    monkeypatch.setattr(engine, "checked", noted)
    write({"a.yml": templates.denied})
    assert run("a.yml", *arguments).status == 1
    assert seen == [drops]


def test_reports_without_them_are_the_same(write: Write, templates: Any) -> None:
    file = str(write({"a.yml": templates.denied}) / "a.yml")
    whole, brief = (
        engine.check([file], Options(info=True, drops_ways_out=drops)) for drops in (False, True)
    )
    assert any(it.remedy for it in whole.findings)
    assert not any(it.remedy or it.help for it in brief.findings)
    for form in ("concise", "gitlab"):
        assert render(whole, form) == render(brief, form)
