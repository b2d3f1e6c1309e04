"""Small templates, each with a finding that the samples and the mutated stacks do not come to."""

from __future__ import annotations

from typing import Final

BRANCHES: Final[dict[str, str]] = {}
