"""The records are those of `typing.NamedTuple`, which mypy takes them for."""

from __future__ import annotations

import copy
import inspect
import pickle
import typing
from typing import Any

import pytest

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


class Empty(NamedTuple):
    pass


def test_a_record_has_all_that_a_named_tuple_has() -> None:
    # Python 3.14 has other names for what typing.get_type_hints reads.
    kept_apart = {"__orig_bases__", "__annotations__", "__annotate_func__"}
    assert set(dir(Ours)) - kept_apart == set(dir(Theirs)) - kept_apart
    assert Ours.__bases__ == Theirs.__bases__ == (tuple,)
    for name in ("_fields", "_field_defaults", "__match_args__", "__doc__", "__module__"):
        assert getattr(Ours, name) == getattr(Theirs, name)
    assert typing.get_type_hints(Ours) == typing.get_type_hints(Theirs)
    ours, theirs = (inspect.signature(it).parameters.values() for it in (Ours, Theirs))
    assert [(it.name, it.kind, it.default) for it in ours] == [
        (it.name, it.kind, it.default) for it in theirs
    ]
    assert type(Ours) is type


def test_a_record_is_made_shown_compared_and_pickled_as_a_named_tuple_is() -> None:
    ours, theirs = Ours(1), Theirs(start=1)
    assert tuple(ours) == tuple(theirs) == (1, None)
    assert hash(ours) == hash(theirs)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours") == "Ours(start=1, end=None)"
    assert str(ours._replace(end=3)) == "1-3"
    assert ours.is_open
    assert type(pickle.loads(pickle.dumps(ours))) is Ours
    assert type(copy.deepcopy(ours)) is type(copy.copy(ours)) is Ours
    assert tuple(Ours._make([1, 2])) == tuple(Theirs._make([1, 2])) == (1, 2)
    assert type(Ours._make([1, 2])) is Ours
    assert Ours(3, 4)._asdict() == Theirs(3, 4)._asdict()
    assert repr(Empty()) == "Empty()"
    assert not hasattr(ours, "__dict__")


def test_records_of_as_many_fields_do_not_share_their_names_or_defaults() -> None:
    class Other(NamedTuple):
        first: int = 7
        second: int = 8

    assert Other() == Other(first=7, second=8) == (7, 8)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'start'"):
        Ours()  # type: ignore[call-arg]


def test_a_record_has_any_number_of_fields() -> None:
    for count in range(40):
        fields = [f"f{number}" for number in range(count)]
        lines = ["class Made(NamedTuple):", "    pass", *(f"    {name}: int" for name in fields)]
        names: dict[str, Any] = {"NamedTuple": NamedTuple, "__name__": __name__}
        exec("from __future__ import annotations\n" + "\n".join(lines), names)
        made = names["Made"](**{name: number for number, name in enumerate(fields)})
        assert made._fields == tuple(fields)
        assert [getattr(made, name) for name in fields] == list(made) == list(range(count))


def test_what_is_no_field_is_refused_as_by_a_named_tuple() -> None:
    for wrong in ({"middle": 2}, {"start": 3, "middle": 2}):
        assert _refused(Ours(1)._replace, **wrong) == _refused(Theirs(1)._replace, **wrong)
    assert _refused(Ours._make, [1]) == _refused(Theirs._make, [1])
    assert _refused(Ours, middle=2) == _refused(Theirs, middle=2).replace("Theirs", "Ours")


def _refused(call: typing.Callable[..., object], *args: Any, **named: Any) -> str:
    with pytest.raises((TypeError, ValueError)) as refused:
        call(*args, **named)
    return repr(refused.value)
