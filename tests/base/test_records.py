"""The records are those of `typing.NamedTuple`, which mypy takes them for."""

from __future__ import annotations

import pickle
import typing

from copilot_preflight.base.records import NamedTuple


class Ours(NamedTuple):
    """A stretch."""

    start: int
    end: int | None = None

    @property
    def is_open(self) -> bool:
        return self.end is None

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


class Theirs(typing.NamedTuple):
    """A stretch."""

    start: int
    end: int | None = None

    @property
    def is_open(self) -> bool:
        return self.end is None

    def __str__(self) -> str:
        return f"{self.start}-{self.end}"


def test_a_record_has_all_that_a_named_tuple_has() -> None:
    assert set(dir(Ours)) == set(dir(Theirs)) - {"__orig_bases__"}
    assert Ours.__bases__ == Theirs.__bases__ == (tuple,)
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__", "__module__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert typing.get_type_hints(Ours) == typing.get_type_hints(Theirs)


def test_a_record_is_made_shown_compared_and_pickled_as_a_named_tuple_is() -> None:
    ours, theirs = Ours(1), Theirs(start=1)
    assert tuple(ours) == tuple(theirs) == (1, None)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours") == "Ours(start=1, end=None)"
    assert str(ours._replace(end=3)) == "1-3"
    assert ours.is_open
    assert type(pickle.loads(pickle.dumps(ours))) is Ours
