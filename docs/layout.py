"""The folders of the source, from the ground up, with what each one's ``__init__`` says of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
SOURCE: Final = ROOT / "src" / "copilot_preflight"
RULES: Final = "copilot_preflight_rules"

ORDER: Final = (
    "_version",
    "base",
    "read",
    "iam",
    "inputs",
    "evidence",
    "resolve",
    "model",
    "statements",
    "needs",
    "access",
    "rollout",
    "edits",
    "overrides",
    "checks",
    RULES,
    "render",
    "report",
    "run",
    "fixes",
    "triage",
    "snapshot",
    "config",
    "simulator",
    "api",
    "cfnlint",
    "lsp",
    "cli",
    "cdk",
    "__main__",
)
"""Folders and single modules: each imports only from those above its own in this list."""


class Folder(NamedTuple):
    """A folder, in the words of its ``__init__``."""

    name: str
    what: str
    knows: str
    must_not: str


def folders() -> Iterator[Folder]:
    """The folders in their order. Raises ValueError for one that does not say what it is."""
    for name in ORDER:
        init = SOURCE / name / "__init__.py"
        if init.exists():
            yield _read(name, init)


def _read(name: str, init: Path) -> Folder:
    said = ast.get_docstring(ast.parse(init.read_text(encoding="utf-8"))) or ""
    what = said.partition("\n")[0].rstrip(".")
    _, has_knows, rest = said.partition("\nKnows: ")
    knows, has_not, must_not = rest.partition("\nDoes not know: ")
    if not (what and has_knows and has_not):
        raise ValueError(f"{init}: say what it is, 'Knows: …' and 'Does not know: …'")
    return Folder(name, what, _line(knows), _line(must_not))


def _line(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
