"""Values of documents that are no part of a template: nothing in them is a function."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from copilot_preflight.base.finding import DataPath
from copilot_preflight.base.symbolic import Text
from copilot_preflight.resolve.scenario import spelt
from copilot_preflight.resolve.value import Guard, Value


class Plain:
    """Reads a policy document that is no part of a template: nothing in it is a function."""

    def __init__(self, file: str) -> None:
        self.file = file

    def decide(self, condition: str) -> bool | None:  # noqa: ARG002  # the Reader protocol's names
        return None

    def text(self, raw: Any, path: DataPath, guard: Guard = ()) -> Text:  # noqa: ARG002
        return Text.of(spelt(raw))

    def listed(self, value: Value) -> Iterator[Value]:
        yield value
