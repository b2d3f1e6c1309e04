"""The check that the tests of suppressions run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.run.suppress.stack import Check

from copilot_preflight.base.finding import Report
from copilot_preflight.run import check as engine


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """The report on some files, by name, or on one template; options by their names."""

    def call(files: Mapping[str, str] | str, *paths: str, **options: Any) -> Report:
        monkeypatch.chdir(tmp_path)
        for name, text in ({"web.yml": files} if isinstance(files, str) else files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return engine.check(paths or ["."], engine.Options(**{"today": "2026-11-22", **options}))

    return call
