"""`NamedTuple`, made in less than half the time: a cold check loads about 170 such classes.

``typing.NamedTuple`` compiles each annotation, to see whether it may be one. With mypy nobody has
to ask at every start. All else is the same, down to pickles and ``match``. It is for modules that a
check loads; any other may have that of ``typing``.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

__all__ = ["NamedTuple"]

if TYPE_CHECKING:
    from typing import NamedTuple
else:

    class _Meta(type):
        def __new__(cls, name: str, _bases: tuple[type, ...], body: dict[str, Any]) -> type:
            annotations = body.pop("__annotations__", {})
            defaults = [body.pop(field) for field in annotations if field in body]
            made = namedtuple(name, annotations, defaults=defaults, module=body.pop("__module__"))
            made.__annotations__ = made.__new__.__annotations__ = annotations
            for key, value in body.items():
                setattr(made, key, value)
            return made

    NamedTuple = type.__new__(_Meta, "NamedTuple", (), {})
