"""`NamedTuple`, made in an eighth of the time: a cold check loads about 140 such classes.

``typing.NamedTuple`` compiles each annotation, to see whether it may be one. With mypy nobody has
to ask at every start. ``collections.namedtuple`` compiles a ``__new__`` for each class; here
classes with the same number of fields share its code, with names of their own. All else is the
same, down to pickles and ``match``.

It is for modules that a check loads, which need ``from __future__ import annotations``; any other
may have that of ``typing``.
"""

from __future__ import annotations

import sys
from collections import _tuplegetter  # type: ignore[attr-defined]
from functools import cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Meta(type):
        def __new__(cls, name: str, _bases: tuple[type, ...], body: dict[str, Any]) -> type:
            annotations = body.get("__annotations__", {})
            fields = tuple(annotations)
            defaults = {field: body.pop(field) for field in fields if field in body}
            code = _code(len(fields)).replace(co_varnames=("_cls", *fields))
            made = FunctionType(code, globals(), "__new__", tuple(defaults.values()))
            made.__annotations__ = annotations
            made.__qualname__ = f"{name}.__new__"
            return type(
                name,
                (tuple,),
                {
                    "__doc__": f"{name}({', '.join(fields)})",
                    "__slots__": (),
                    "__new__": made,
                    "__match_args__": fields,
                    "_fields": fields,
                    "_field_defaults": defaults,
                    **_SHARED,
                    **{field: _getter(place) for place, field in enumerate(fields)},
                    **body,
                },
            )

    _tuple_new = tuple.__new__
    _MAKERS = (  # of most records: nothing is compiled for them
        lambda _cls: _tuple_new(_cls, ()),
        lambda _cls, a: _tuple_new(_cls, (a,)),
        lambda _cls, a, b: _tuple_new(_cls, (a, b)),
        lambda _cls, a, b, c: _tuple_new(_cls, (a, b, c)),
        lambda _cls, a, b, c, d: _tuple_new(_cls, (a, b, c, d)),
        lambda _cls, a, b, c, d, e: _tuple_new(_cls, (a, b, c, d, e)),
        lambda _cls, a, b, c, d, e, f: _tuple_new(_cls, (a, b, c, d, e, f)),
        lambda _cls, a, b, c, d, e, f, g: _tuple_new(_cls, (a, b, c, d, e, f, g)),
        lambda _cls, a, b, c, d, e, f, g, h: _tuple_new(_cls, (a, b, c, d, e, f, g, h)),
        lambda _cls, a, b, c, d, e, f, g, h, i: _tuple_new(_cls, (a, b, c, d, e, f, g, h, i)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j: _tuple_new(_cls, (a, b, c, d, e, f, g, h, i, j)),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p)
        ),
        lambda _cls, a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q: _tuple_new(
            _cls, (a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q)
        ),
    )

    @cache
    def _code(count: int) -> CodeType:
        """The ``__new__`` of a record with this many fields."""
        if count < len(_MAKERS):
            made = _MAKERS[count]
        else:
            fields = "".join(f"_{place}, " for place in range(count))
            made = eval(f"lambda _cls, {fields}: _tuple_new(_cls, ({fields}))", globals())
        return made.__code__.replace(co_name="__new__")

    @cache
    def _getter(place: int) -> object:
        return _tuplegetter(place, f"Alias for field number {place}")

    def _make(cls, iterable):
        """Make a new record from a sequence or iterable."""
        made = tuple.__new__(cls, iterable)
        if len(made) != len(cls._fields):
            raise TypeError(f"Expected {len(cls._fields)} arguments, got {len(made)}")
        return made

    def _replace(self, /, **values):
        """Return a new record, with other values for the fields that are named."""
        made = tuple.__new__(type(self), map(values.pop, self._fields, self))
        if values:
            raise _Unexpected(f"Got unexpected field names: {list(values)!r}")
        return made

    def _asdict(self):
        """Return a new dict which maps field names to their values."""
        return dict(zip(self._fields, self))  # noqa: B905 (as many of both)

    def _repr(self):
        form = ", ".join([f"{field}=%r" for field in self._fields])
        return f"{type(self).__name__}({form})" % self

    def _arguments(self):
        return tuple(self)

    _Unexpected = TypeError if sys.version_info >= (3, 13) else ValueError
    _SHARED = {
        "_make": classmethod(_make),
        "_replace": _replace,
        "_asdict": _asdict,
        "__repr__": _repr,
        "__getnewargs__": _arguments,
    }
    if sys.version_info >= (3, 13):
        _SHARED["__replace__"] = _replace

    NamedTuple = type.__new__(_Meta, "NamedTuple", (), {})
