"""How severe the findings of a rule are, by what the user says of the rule and of the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from copilot_preflight.base.finding import Severity, severity_of
from copilot_preflight.base.globs import Globs


class SeverityLayer(NamedTuple):
    """What holds in some files, in all where ``files`` is None.

    ``select`` are the ids of the only rules to report, None for no change; ``severity`` has None
    for a rule that is off.
    """

    files: Globs | None = None
    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    severity: Mapping[str, Severity | None] = MappingProxyType({})


class Grades(NamedTuple):
    """Layers, later ones winning: what a later one says of a file takes an earlier one's place.

    Only what is ignored remains ignored.
    """

    layers: Sequence[SeverityLayer] = ()

    def of(self, rule: str, file: str) -> Severity | None:
        """The severity of what a rule finds in a file, None where nothing is to be reported."""
        layers = [layer for layer in self.layers if not layer.files or layer.files.match(file)]
        return self._of(rule, layers)

    def at_most(self, rule: str) -> Severity | None:
        """The greatest severity that a rule has in any file, None where it is off in all."""
        everywhere = [layer for layer in self.layers if layer.files is None]
        levels = [self._of(rule, everywhere)]
        for number, layer in enumerate(self.layers):
            if layer.files is not None:
                # In some file this layer may be the last to say something, or the only one.
                levels.append(self._of(rule, [*everywhere, layer]))
                levels.append(self._of(rule, self.layers[: number + 1]))
        return max((level for level in levels if level is not None), default=None)

    def _of(self, rule: str, layers: Sequence[SeverityLayer]) -> Severity | None:
        level: Severity | None = severity_of(rule)
        selected = True
        for layer in layers:
            if rule in layer.ignore:
                return None
            selected = rule in layer.select if layer.select is not None else selected
            level = layer.severity.get(rule, level)
        return level if selected else None
