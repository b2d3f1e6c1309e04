"""Templates, as a check would judge them -> what the account would have to be asked for them."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from copilot_preflight.base.finding import InputError
from copilot_preflight.read.document import Document
from copilot_preflight.run.check import checked
from copilot_preflight.run.options import Options
from copilot_preflight.snapshot.keeping import HIDDEN
from copilot_preflight.snapshot.missing import Wanted, exporting, wanted


class Judged(NamedTuple):
    """What is wanted for some templates, and what could not be judged."""

    wanted: Wanted = Wanted()
    errors: Sequence[InputError] = ()
    notes: Sequence[str] = ()


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
    observed = (it.observed for it in found.judged if it.observed is not None)
    return Judged(Wanted.total(observed), found.report.errors, found.report.notes)
