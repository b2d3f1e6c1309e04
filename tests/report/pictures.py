"""Pictures for tests: of a text, or of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from copilot_preflight.read.document import parse
from copilot_preflight.report.gather import observe
from copilot_preflight.report.joining import joined
from copilot_preflight.report.model import Call, Caller, Group, Picture
from copilot_preflight.run.check import Options, checked

HERE: Final = Path(__file__).parent
THREE_SERVICES: Final = (HERE / "three-services.yml").read_text(encoding="utf-8")


def picture(*paths: str, **options: Any) -> Picture:
    """The picture of a run over files."""
    found = checked(paths, Options(observe=observe, **options))
    return joined((it.observed for it in found.judged), found.report, found.hidden)


def picture_of(text: str, file: str = "shop.yml", **options: Any) -> Picture:
    """The picture of one template, as if it were a file of a name."""
    return picture(file, read=lambda *_: parse(text, file), **options)


def group(drawn: Picture, name: str) -> Group:
    """The role of a name."""
    return next(it for stack in drawn.stacks for it in stack.groups if it.role.name == name)


def call(drawn: Picture, name: str, action: str) -> Call:
    """The first call of a role with an action."""
    return next(it for it in group(drawn, name).calls if it.action == action)


def caller(drawn: Picture, name: str) -> Caller:
    """Who assumes the role of a name, first of all."""
    return group(drawn, name).callers[0]
