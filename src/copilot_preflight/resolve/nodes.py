"""What a node of a template says by itself, worked out once for all templates that share it.

The templates of a run have many resources word for word in common, which are then one and the same
data: see `read.yaml.block_style`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

T = TypeVar("T")

_MOST: Final = 2_000
"""Nodes of which an answer is kept, for each question."""


def once_per_node(compute: Callable[[Any], T]) -> Callable[[Any], T]:
    """Keeps the answers of a function of data alone, by identity: nobody changes data in place."""
    answers: dict[int, tuple[Any, T]] = {}  # with the node, so that its id stays its own

    @wraps(compute)
    def ask(node: Any) -> T:
        known = answers.get(id(node))
        if known is not None:
            return known[1]
        answer = compute(node)
        if len(answers) >= _MOST:
            answers.clear()
        answers[id(node)] = node, answer
        return answer

    return ask
