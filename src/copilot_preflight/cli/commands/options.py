"""The options that say what is checked how: those that a configuration file can hold, too."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from copilot_preflight.cli.commands import candidates
from copilot_preflight.cli.configured import configured
from copilot_preflight.cli.printing import COLORS, SORTINGS
from copilot_preflight.render.formats import FORMATS, GROUPINGS

if TYPE_CHECKING:
    from copilot_preflight.base.finding import DataPath
    from copilot_preflight.base.globs import Globs
    from copilot_preflight.config.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

LEVELS: Final = ("error", "warning", "info", "never")
"""What ``--fail-on`` takes."""

reported_as: Final = click.option(
    "--format", "form", type=click.Choice(FORMATS), default="text", show_default=True
)
written_to: Final = click.option(
    "--output",
    multiple=True,
    metavar="[FORMAT=]FILE",
    shell_complete=candidates.files,
    help="Write the report to a file, whole or not at all: in --format, or in the one that is "
    "named. Can be given several times.",
)
summarised: Final = click.option(
    "--no-summary",
    is_flag=True,
    help="With --format github, add nothing to the summary of GitHub's job.",
)
coloured: Final = click.option(
    "--color",
    type=click.Choice(COLORS),
    default="auto",
    show_default=True,
    help="Colours: auto is for terminals, and goes by NO_COLOR and FORCE_COLOR.",
)
known: Final = click.option(
    "--baseline",
    metavar="FILE",
    shell_complete=candidates.files,
    help="Leave out the findings that this file lists.",
)
unsuppressed: Final = click.option(
    "--no-suppressions", is_flag=True, help="Act as if nothing were suppressed."
)
_LOOKS: Final = (
    click.option(
        "--group-by",
        type=click.Choice(GROUPINGS),
        default="cause",
        show_default=True,
        help="How text puts findings together: many of one cause, or all of one rule, as one with "
        "its places; or in sections for each role or file.",
    ),
    click.option(
        "--sort",
        type=click.Choice(SORTINGS),
        default="place",
        show_default=True,
        help="The order of findings.",
    ),
    click.option(
        "--max-findings",
        type=click.IntRange(min=1),
        metavar="N",
        help="Show no more in text and concise, and count the others.",
    ),
    coloured,
)


def looking(command: Command) -> Command:
    """Gives a command the options on how a report looks to people."""
    for option in reversed(_LOOKS):
        command = option(command)
    return command


with_statistics: Final = click.option(
    "--statistics", is_flag=True, help="Count the findings of each rule, at the end."
)
quietly: Final = click.option(
    "--quiet",
    "-q",
    is_flag=True,
    help="Print no report: only what could not be judged. The exit status says the rest.",
)
"""What becomes of a report: of a check, and of one that is joined."""


_OPTIONS: Final = (
    click.option(
        "--params",
        multiple=True,
        metavar="FILE",
        shell_complete=candidates.files,
        help="Parameter file, JSON or YAML.",
    ),
    click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="One parameter value."),
    click.option("--region", metavar="NAME", help="Region that the stacks are deployed in."),
    click.option("--account", metavar="ID", help="Account that the stacks are deployed in."),
    click.option(
        "--partition", metavar="NAME", help="Partition; told by the region, if that is given."
    ),
    click.option(
        "--policy",
        multiple=True,
        metavar="NAME_OR_ARN=FILE",
        shell_complete=candidates.files,
        help="A policy from outside the run: of a managed policy or boundary, a bucket, a key (by "
        "name or ARN), a secret, a repository or a file system (by ARN). 'none' for FILE: the "
        "resource has no policy.",
    ),
    click.option(
        "--scp",
        multiple=True,
        metavar="FILE[,FILE...]",
        shell_complete=candidates.files,
        help="Service control policies: once for each level of the organization, with all its "
        "files.",
    ),
    click.option(
        "--rcp",
        multiple=True,
        metavar="FILE[,FILE...]",
        shell_complete=candidates.files,
        help="Resource control policies.",
    ),
    click.option(
        "--evidence",
        multiple=True,
        metavar="DIR|FILE",
        shell_complete=candidates.files,
        help="What the account has: answers of the AWS CLI, in files that are recognised by their "
        "shape. They decide what no template has.",
    ),
    click.option(
        "--evidence-max-age",
        type=click.IntRange(min=0),
        metavar="DAYS",
        help="Note answers of the account that are older; 0 for never.  [default: 7]",
    ),
    click.option(
        "--select",
        multiple=True,
        metavar="IDS",
        shell_complete=candidates.rules,
        help="Only these rules: ids or prefixes.",
    ),
    click.option(
        "--ignore",
        multiple=True,
        metavar="IDS",
        shell_complete=candidates.rules,
        help="Not these rules.",
    ),
    click.option(
        "--extend-ignore",
        multiple=True,
        metavar="IDS",
        shell_complete=candidates.rules,
        help="Nor these, whatever else is ignored.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        help="Leave out what matches in folders, and of --changed files, such as 'legacy/'.",
    ),
    click.option(
        "--info/--no-info",
        default=None,
        help="Also report what cannot be decided, and why.  [default: no-info]",
    ),
    click.option(
        "--assume-defaults/--no-assume-defaults",
        default=None,
        help="Take the defaults of parameters for their values where no file gives any.  "
        "[default: no-assume-defaults]",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(LEVELS),
        help="The least severity that makes the exit status 1.  [default: error]",
    ),
    click.option(
        "--config",
        metavar="FILE",
        shell_complete=candidates.files,
        help="The configuration.  [default: the nearest .copilot-preflight.yml up the tree from "
        "here, else from PATHs]",
    ),
    click.option("--no-config", is_flag=True, help="Without any configuration file."),
)


def shared(command: Command) -> Command:
    """Gives a command the options; it hands them to `settings_of` as they are."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def settings_of(
    config: str | None, no_config: bool, *, paths: Sequence[str] = (), **given: Any
) -> Settings:
    """What holds for a run over some paths: the command line over the configuration file.

    Ends the process where the file cannot be used.
    """
    if config is not None and no_config:
        raise click.UsageError("--config and --no-config exclude each other")
    return configured(dict(_asked(**given)), config, is_wanted=not no_config, paths=paths)


def _asked(
    params: Sequence[str],
    parameter: Sequence[str],
    policy: Sequence[str],
    scp: Sequence[str],
    rcp: Sequence[str],
    evidence: Sequence[str],
    evidence_max_age: int | None,
    select: Sequence[str],
    ignore: Sequence[str],
    extend_ignore: Sequence[str],
    exclude: Sequence[str],
    info: bool | None,
    assume_defaults: bool | None,
    fail_on: str | None,
    **single: str | None,
) -> Iterator[tuple[DataPath, Any]]:
    """What the command line says, in the words of the file; what it leaves out is not there."""
    for text in parameter:
        name, value = pair(text, "--parameter", "KEY=VALUE")
        yield ("parameters", name), value
    for number, text in enumerate(policy):
        name, value = pair(text, "--policy", form := "NAME_OR_ARN=FILE")
        if not value:
            raise click.BadParameter(f"'{text}' is not {form}", param_hint="--policy")
        is_twice = any(other.startswith(f"{name}=") for other in policy[:number])
        yield ("policies", name, number) if is_twice else ("policies", name), value
    several: dict[str, Any] = {
        "params": params,
        "scps": [_level(text, "--scp") for text in scp],
        "rcps": [_level(text, "--rcp") for text in rcp],
        "evidence": evidence,
        "select": names_of(select, "--select"),
        "ignore": names_of(ignore, "--ignore"),
        "extend-ignore": names_of(extend_ignore, "--extend-ignore"),
        "exclude": _globs(exclude, "--exclude"),
    }
    for key, value in {**several, **single, "fail-on": fail_on}.items():
        if value:
            if key in single:
                require_shape(key, value)
            yield (key,), value
    if evidence_max_age is not None:
        yield ("evidence-max-age",), evidence_max_age
    for key, flag in (("info", info), ("assume-defaults", assume_defaults)):
        if flag is not None:
            yield (key,), flag


def require_shape(key: str, value: Any) -> None:
    """A single value must be what the configuration file takes under the same key."""
    from copilot_preflight.config.file import published
    from copilot_preflight.read.schema import unlike

    if wrong := unlike(value, published()["properties"][key]):
        raise click.BadParameter(wrong, param_hint=f"--{key}")


def outputs_of(form: str, given: Sequence[str]) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The format that is printed, ``""`` for none, and formats with the files that get them.

    What is written in --format leaves the text on the terminal, unless it is the text.
    """
    outputs = tuple(_output(text, form) for text in given)
    plain = [name for text, (_, name) in zip(given, outputs, strict=True) if text == name]
    if len(plain) > 1:
        raise click.UsageError(
            f"--output names '{plain[0]}' and '{plain[1]}': write FORMAT=FILE for one of them"
        )
    ends: set[str] = set()
    for _, name in outputs:
        end = os.path.realpath(name)
        is_device = os.path.exists(end) and not os.path.isfile(end)  # /dev/null
        if end in ends and not is_device:
            raise click.UsageError(f"--output names '{name}' twice")
        ends.add(end)
    shown = form if not plain else "" if form == "text" else "text"
    return shown, outputs


def _output(text: str, form: str) -> tuple[str, str]:
    """A format with a file. A name with ``=`` in it is one of a file where no format is like it."""
    named, equals, name = text.partition("=")
    if not equals:
        return form, text
    if named in FORMATS:
        if not name:
            raise click.BadParameter(f"'{text}' names no file", param_hint="--output")
        return named, name
    from copilot_preflight.read.schema import nearest

    if named.isalpha() and (like := nearest(named, FORMATS)):
        raise click.BadParameter(f"no format '{named}'{like}", param_hint="--output")
    return form, text


def pair(text: str, option: str, form: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"'{text}' is not {form}", param_hint=option)
    return name, value


def _level(text: str, option: str) -> tuple[str, ...]:
    """The files of one level of the organization."""
    files = tuple(name for name in text.split(",") if name.strip())
    if not files:
        raise click.BadParameter(f"'{text}' names no file", param_hint=option)
    return files


def names_of(given: Iterable[str], option: str) -> tuple[str, ...]:
    """The rules that an option names by id, name or the beginning of ids, split at commas."""
    from copilot_preflight.config.settings import named, no_rule

    names = tuple(filter(None, (part.strip() for text in given for part in text.split(","))))
    for name in names:
        if not named([name]):
            raise click.BadParameter(no_rule(name), param_hint=option)
    return names


def _globs(given: Sequence[str], option: str) -> Globs | None:
    """Patterns of files, from the current folder."""
    from copilot_preflight.base.globs import Globs, fault_of

    for pattern in given:
        if wrong := fault_of(pattern) if pattern else "a pattern cannot be empty":
            raise click.BadParameter(wrong, param_hint=option)
    return Globs(os.path.realpath(os.curdir), tuple(given)) if given else None
