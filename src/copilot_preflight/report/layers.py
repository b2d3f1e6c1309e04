"""What every layer of policies says of a call, in words, in AWS's order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from copilot_preflight.access.decide import Decision
from copilot_preflight.iam.evaluate import Outcome
from copilot_preflight.iam.layers import Layer, Voice
from copilot_preflight.report.model import LayerSaid

_DENIES: Final = "denies"
_LACKS: Final = "does not allow"
_OPEN: Final = "not known"
_ALLOWS: Final = "allows"
_DELEGATES: Final = "leaves it to IAM"
_SILENT: Final = "says nothing"

_WEIGHT: Final = (_DENIES, _LACKS, _OPEN, _ALLOWS, _DELEGATES, _SILENT)
"""The most important first."""


def said_by(decision: Decision) -> tuple[LayerSaid, ...]:
    """The chain of layers that a call goes through."""
    return tuple(
        LayerSaid(layer.value, _words(layer, voice, decision), _decides(layer, voice, decision))
        for layer, voice in decision.ruling.voices
    )


def _decides(layer: Layer, voice: Voice, decision: Decision) -> bool:
    if decision.outcome is Outcome.ALLOWED:
        return bool(voice.allowing)
    return decision.layer is layer


def _words(layer: Layer, voice: Voice, decision: Decision) -> str:
    if voice.deny:
        return _DENIES
    if voice.allow:
        return _OPEN if voice.deny is None else _ALLOWS
    if voice.allow is None or voice.deny is None:
        return _OPEN
    if voice.delegates:
        return _DELEGATES
    is_needed = decision.is_denied and decision.layer is layer
    is_ceiling = layer not in (Layer.RESOURCE, Layer.RCP, Layer.IDENTITY)
    return _LACKS if is_needed or is_ceiling else _SILENT


def combined(chains: Iterable[tuple[LayerSaid, ...]]) -> tuple[LayerSaid, ...]:
    """The layers of several calls, each with the most important thing that it says of any."""
    found: dict[str, LayerSaid] = {}
    for said in (said for chain in chains for said in chain):
        before = found.setdefault(said.layer, said)
        if _WEIGHT.index(said.says) < _WEIGHT.index(before.says):
            found[said.layer] = said._replace(decides=said.decides or before.decides)
    return tuple(found.values())


SHORT: Final = {
    Layer.IDENTITY.value: "role",
    Layer.RESOURCE.value: "resource",
    Layer.BOUNDARY.value: "boundary",
    Layer.SCP.value: "SCP",
    Layer.RCP.value: "RCP",
    Layer.ENDPOINT.value: "endpoint",
}
"""The layers where there is little room."""
