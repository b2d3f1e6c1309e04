"""What ``--verbose`` tells: which files were read together, and how long each template took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.render.safe_text import safe, unobeyed

if TYPE_CHECKING:
    from copilot_preflight.inputs.package import Package
    from copilot_preflight.run.check import Checked
    from copilot_preflight.run.options import Options


def lines(checked: Checked, options: Options) -> Iterator[str]:
    """One line for what holds for the run, and a few for each template, in the report's order."""
    yield from map(safe, _of_run(options))
    for judged in checked.judged:
        yield unobeyed(safe(judged.file))
        for what, description in _of_package(checked.packages[judged.file]):
            yield safe(f"  {what + ':':<11} {description}")
        read = "1 scenario" if judged.scenarios == 1 else f"{judged.scenarios} scenarios"
        yield f"  {'judged:':<11} in {read}, {judged.seconds * 1000:.0f} ms"


def _of_run(options: Options) -> Iterator[str]:
    if options.config is not None:
        yield f"configuration: {options.config.file}"
    for name, path in (*options.policies, *options.bucket_policies):
        yield f"policy {name}: {path}"
    for what, levels in (("SCP", options.scps), ("RCP", options.rcps)):
        for number, level in enumerate(levels, 1):
            yield f"{what} of level {number}: {', '.join(map(str, level))}"
    for path in options.evidence:
        yield f"evidence: {path}"
    if options.baseline is not None:
        yield f"baseline: {options.baseline}"


def _of_package(package: Package) -> Iterator[tuple[str, str]]:
    values = package.parameters.values()
    origins = Counter(it.place.file if it.place else "--parameter" for it in values)
    counts = (f"{count} from {origin}" for origin, count in origins.items())
    empty = "no value" if package.has_parameters else "none given"
    yield "parameters", ", ".join(counts) or empty
    if package.addons is not None:
        yield "addons", package.addons.file
    if package.manifest is not None:
        inside = ", in its Metadata" if package.manifest.embedded else ""
        yield "manifest", f"{package.manifest.file}{inside}"
