from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from copilot_preflight.base import patterns
from copilot_preflight.base.patterns import lazy_pattern

ROOT = Path(__file__).parents[2]


def test_a_lazy_pattern_is_compiled_when_it_is_first_used() -> None:
    wrong = lazy_pattern("(")
    with pytest.raises(re.error, match="unterminated"):
        wrong.match("")


def test_a_lazy_pattern_answers_as_a_pattern() -> None:
    lazy, eager = (make(r"(a)(b?)", re.IGNORECASE) for make in (lazy_pattern, re.compile))
    for _ in range(2):  # when it is compiled, and later
        assert lazy.sub(r"\1-", "xABa") == eager.sub(r"\1-", "xABa") == "xA-a-"
        assert lazy.findall("ABa") == eager.findall("ABa")
        assert (lazy.pattern, lazy.groups) == (eager.pattern, eager.groups)
        for name in ("match", "fullmatch", "search"):
            assert getattr(lazy, name)("ab")[2] == getattr(eager, name)("ab")[2] == "b"
            assert getattr(lazy, name)("c") is None


def test_every_lazy_pattern_of_a_module_can_be_compiled() -> None:
    found = [
        value
        for folder in (ROOT / "src", ROOT / "rules")
        for file in folder.rglob("*.py")
        if "= lazy_pattern(" in file.read_text(encoding="utf-8")
        for value in vars(
            import_module(".".join(file.relative_to(folder).with_suffix("").parts))
        ).values()
        if isinstance(value, patterns._LazyPattern)
    ]
    assert all(isinstance(it.pattern, str) for it in found)
    assert len(found) > 40
