"""What is read again is compared with what an edit means, to the last type."""

from __future__ import annotations

from typing import Any

import pytest

from copilot_preflight.edits.text.meaning import apart, is_proved


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ({"a": 1, "b": [True]}, {"a": 1, "b": [True]}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_same_data_are_proved_in_any_order_of_keys(read: Any, meant: Any) -> None:
    assert is_proved(read, meant)


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ({"a": 1}, {"a": True}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"a": "1"}, {"a": 1}),
        (None, {"a": 1}),
    ],
)
def test_data_of_another_type_or_order_are_not(read: Any, meant: Any) -> None:
    assert not is_proved(read, meant)


def test_what_cannot_be_written_as_bytes_is_compared_value_by_value() -> None:
    thing = object()

    assert is_proved({"a": thing}, {"a": thing})
    assert not is_proved({"a": thing}, {"a": object()})


def test_what_is_the_same_object_is_not_compared() -> None:
    same = {"x": object()}
    one, other = {"a": same, "b": {"c": 1, "d": same}}, {"a": same, "b": {"c": 2, "d": same}}
    assert apart(one, other) == (1, 2)
    assert apart({"a": same, "b": 1}, {"a": same}) == ({"a": same, "b": 1}, {"a": same})
    both = {"a": 1, "b": 2}, {"a": 3, "b": 4}
    assert apart({"s": both[0]}, {"s": both[1]}) == both
