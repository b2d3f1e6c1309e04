"""W9735: credentials in a container's environment hide the task role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import Finding, Place, Related
from copilot_preflight.checks.analysis import Analysis
from copilot_preflight.checks.rule import rule
from copilot_preflight.checks.wording import grants as advice
from copilot_preflight.checks.wording.corrections import removed
from copilot_preflight.model.credentials import Override, overrides
from copilot_preflight.model.roles import role_named

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Help

_PAGE = "https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html"


@rule(
    "W9735",
    "credentials-overridden",
    "Credentials in the environment hide the task role",
    fix="review",
)
def credentials_overridden(analysis: Analysis) -> Iterator[Finding]:
    for found in overrides(analysis.stack):
        named = role_named(found.view, found.role.text())
        role = f"task {named}" if named is not None else "the task role"
        guarded = found.role.guard or any(setting.guard for setting in found.settings)
        when = f" when {found.view.scenario}" if guarded and str(found.view.scenario) else ""
        names = " and ".join(_told(found))
        help = _help(found, role)
        yield Finding(
            at=found.settings[0].place,
            message=f"{names} of {found.container} hide {role}{when}: the AWS SDKs take the "
            "credentials that they find first",
            label=f"hides {role}",
            related=tuple(_related(found)),
            cause="credentials-overridden",
            help=help.text,
            remedy=help,
            is_secret=True,
        )


def _told(found: Override) -> Iterator[str]:
    """The variables, each with what sets it unless the next is set by the same."""
    settings = found.settings
    for setting, following in zip(settings, (*settings[1:], None), strict=True):
        name = f"{setting.name} (line {setting.line})" if setting.line else setting.name
        same = following is not None and following.where == setting.where
        yield name if same else f"{name} in {setting.where}"


def _related(found: Override) -> Iterator[Related]:
    """Where the other variables are, where the manifest sets them, and the role."""
    places: dict[Place, str] = {}
    for setting in found.settings:
        places.setdefault(setting.place, f"sets {setting.name}")
    for setting in found.settings:
        if setting.origin is not None:
            what = "names the file" if setting.line else f"sets {setting.name}"
            places.setdefault(setting.origin, f"the manifest {what}")
    places[found.role.place] = "the role that is hidden"
    del places[found.settings[0].place]
    yield from map(Related, places, places.values())


def _help(found: Override, role: str) -> Help:
    """The variables taken out of the template, where nothing but the template sets them."""
    sentence = (
        f"remove both variables, and grant {role} what the application needs; in another "
        f"account, let it assume a role ({_PAGE})"
    )
    places = [setting.place for setting in found.settings]
    is_elsewhere = any(setting.line or setting.origin for setting in found.settings)
    if is_elsewhere or any(place.path[-1] != "Name" for place in places):
        no_fix = "the manifest or an environment file sets them, and Copilot writes them anew"
        return advice.help_with(sentence, no_fix=no_fix)
    items = dict.fromkeys(Place(place.file, place.path[:-1]) for place in places)
    edits = [removed(item, "take the credentials out") for item in items]
    return advice.help_with(sentence, edits=edits)
