"""Templates, as a check would judge them -> what the account would have to be asked for them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from copilot_preflight.base.finding import InputError
from copilot_preflight.read.document import Document
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
from copilot_preflight.snapshot.calls import Call
from copilot_preflight.snapshot.keeping import HIDDEN
from copilot_preflight.snapshot.missing import Wanted, exporting, wanted

if TYPE_CHECKING:
    from copilot_preflight.run.no_echo import Hidden


class Judged(NamedTuple):
    """What is wanted for some templates, and what could not be judged."""

    wanted: Wanted = Wanted()
    errors: Sequence[InputError] = ()


def of_packages(
    paths: Sequence[str], options: Options, exports: Sequence[Mapping[str, Any]] = ()
) -> Judged:
    """What the packages in files and folders lack; ``exports`` are values that they import."""
    if not paths:
        return Judged()
    return _judged(paths, {}, options, exports)


def of_stack(
    name: str,
    template: Mapping[str, Any],
    stack: Mapping[str, Any],
    options: Options,
    exports: Sequence[Mapping[str, Any]] = (),
) -> Judged:
    """What a deployed stack lacks: its template, and an item of describe-stacks for its values."""
    parameters = {
        str(it.get("ParameterKey")): str(it["ParameterValue"])
        for it in stack.get("Parameters", ())
        if it.get("ParameterValue") not in (None, HIDDEN)
    }
    declared = template.get("Parameters") or {}
    values = {key: value for key, value in parameters.items() if key in declared}
    options = options._replace(
        params=(), parameters=values, pseudo={**options.pseudo, "AWS::StackName": name}
    )
    return _judged((), {"get-template.json": template}, options, exports)


def _judged(
    paths: Iterable[str],
    templates: Mapping[str, Mapping[str, Any]],
    options: Options,
    exports: Sequence[Mapping[str, Any]],
) -> Judged:
    with tempfile.TemporaryDirectory(prefix="copilot-preflight-") as folder:
        written = {**templates, **({"exports.json": exporting(exports)} if exports else {})}
        for file, data in written.items():
            Path(folder, file).write_text(json.dumps(data, indent=2), encoding="utf-8")
        base = options.read

        def renamed(path: Path, shown: str) -> Document:
            return base(path, shown.replace(f"{folder}{os.sep}", ""))

        found = checked(
            (*paths, *(os.path.join(folder, file) for file in written)),
            options._replace(
                rules=(), info=True, jobs=1, observe=wanted, suppressions=False, read=renamed
            ),
        )
    observed = Wanted.total(it.observed for it in found.judged if it.observed is not None)
    if found.hidden:
        observed = _shown(observed, found.hidden)
    return Judged(observed, found.report.errors)


def _shown(wanted: Wanted, hidden: Hidden) -> Wanted:
    """Without calls that would show the value of a NoEcho parameter in their list and index."""

    def is_shown(call: Call) -> bool:
        return all(hidden.text(value) == value for _, value in call.values)

    calls, objects = (tuple(filter(is_shown, it)) for it in (wanted.calls, wanted.objects))
    unasked = tuple(map(hidden.text, wanted.unasked))
    if calls != wanted.calls:
        unasked += ("what a NoEcho parameter names: its value is not shown",)
    return Wanted(calls, objects, unasked, tuple(map(hidden.text, wanted.imports)))
