"""``copilot-preflight snapshot``: the account's answers to what no file says, as a folder."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from copilot_preflight.cli.commands.candidates import files
from copilot_preflight.cli.commands.options import pair, require_shape
from copilot_preflight.cli.configured import configured
from copilot_preflight.cli.console import CLEAN, FAILED, fail, tell, write
from copilot_preflight.render.safe_text import safe

if TYPE_CHECKING:
    from copilot_preflight.base.finding import DataPath
    from copilot_preflight.config.settings import Settings
    from copilot_preflight.snapshot.calls import Call
    from copilot_preflight.snapshot.subjects import Where
    from copilot_preflight.snapshot.taking import Plan, Request, Snapshot

_MISSING: Final = "snapshot needs boto3: pip install 'copilot-preflight[aws]'"


@click.command()
@click.option(
    "--stack",
    "stacks",
    multiple=True,
    metavar="NAME",
    help="A deployed stack: its template, its roles, and what its calls need.",
)
@click.option(
    "--package",
    "packages",
    multiple=True,
    metavar="PATH",
    shell_complete=files,
    help="A template, Copilot package or folder of them: what its calls need.",
)
@click.option("--output", "-o", metavar="DIR", shell_complete=files, help="The folder to write.")
@click.option("--dry-run", is_flag=True, help="Print the calls, and make none.")
@click.option(
    "--print-policy", is_flag=True, help="Print the IAM policy that the calls take, and make none."
)
@click.option(
    "--objects",
    is_flag=True,
    help="Also ask how environment files are encrypted, and whether they are there. That takes "
    "s3:GetObject on them; what they hold is not read.",
)
@click.option(
    "--organization",
    is_flag=True,
    help="Also ask for the policies of the organization. Its management account may, and few "
    "others.",
)
@click.option("--profile", metavar="NAME", help="Profile of the AWS CLI's configuration.")
@click.option("--region", metavar="NAME", help="Region.  [default: the profile's]")
@click.option("--endpoint-url", metavar="URL", help="Where AWS is, such as a local emulator.")
@click.option(
    "--account", metavar="ID", help="Account that the credentials must be of, or the policy is for."
)
@click.option("--partition", metavar="NAME", help="Partition; told by the region, if given.")
@click.option(
    "--params",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="Parameter file of the packages, JSON or YAML.",
)
@click.option("--parameter", multiple=True, metavar="KEY=VALUE", help="One parameter value.")
@click.option("--config", metavar="FILE", shell_complete=files, help="The configuration.")
@click.option("--no-config", is_flag=True, help="Without any configuration file.")
def snapshot(
    stacks: tuple[str, ...],
    packages: tuple[str, ...],
    output: str | None,
    dry_run: bool,
    print_policy: bool,
    objects: bool,
    organization: bool,
    profile: str | None,
    endpoint_url: str | None,
    **given: Any,
) -> None:
    """Ask the account for what no file says: the answers to the calls that --info leaves open.

    Every call only reads, and none reads a secret. The folder is evidence for a check.

    The exit status is 0 if anything was answered, 2 if nothing was, or an input could not be read.
    """
    if not stacks and not packages:
        raise click.UsageError("name a --stack or a --package")
    if "-" in packages:  # which is read twice where exports give it more to ask for
        raise click.UsageError("--package takes files and folders, and no standard input")
    if dry_run and print_policy:
        raise click.UsageError("--dry-run and --print-policy exclude each other")
    if output is None and not (dry_run or print_policy):
        raise click.UsageError("missing option '-o DIR': --dry-run and --print-policy need none")
    from copilot_preflight.config.to_options import options_of
    from copilot_preflight.snapshot.subjects import Where
    from copilot_preflight.snapshot.taking import Request, plan

    held = _settings(packages, **given)
    region, account = str(held.get("region") or ""), str(held.get("account") or "")
    where = Where.of(region, account, str(held.get("partition") or ""))
    # What was answered before is asked again: the account may have changed.
    options = options_of(held)._replace(evidence=())
    request = Request(stacks, packages, objects, organization, options).placed(where)
    if print_policy:
        _print_policy(plan(request, account), request, where)
    elif dry_run:
        planned = plan(request, account)
        write(_listing(planned.calls))
        _end(planned, planned.unasked)
    else:
        _take(Path(output or ""), request, profile or "", endpoint_url or "", where)


def _settings(
    paths: Sequence[str],
    config: str | None,
    no_config: bool,
    params: tuple[str, ...],
    parameter: tuple[str, ...],
    **single: str | None,
) -> Settings:
    """What holds for the packages; what a configuration says of findings is no matter here."""
    if config is not None and no_config:
        raise click.UsageError("--config and --no-config exclude each other")
    asked: dict[DataPath, Any] = {("params",): params} if params else {}
    for text in parameter:
        name, value = pair(text, "--parameter", "KEY=VALUE")
        asked[("parameters", name)] = value
    for key, given in single.items():
        if given:
            require_shape(key, given)
            asked[(key,)] = given
    return configured(asked, config, is_wanted=not no_config, paths=paths)


def _print_policy(planned: Plan, request: Request, where: Where) -> None:
    from copilot_preflight.snapshot.following import any_call
    from copilot_preflight.snapshot.leave import MOST_CHARACTERS, policy_for

    calls = planned.calls
    if request.stacks and not request.packages:
        optional = {"s3api head-object": request.objects}
        calls += tuple(
            it
            for it in any_call()
            if optional.get(it.command, True)
            and (request.organization or it.operation.service != "organizations")
            and it.operation.subject != "stack"
        )
        tell("note: the template may need any of this: add --package PATH for a narrower policy")
    policy = policy_for(calls, where)
    size = len(json.dumps(policy, separators=(",", ":")))
    if size > MOST_CHARACTERS:
        tell(f"note: {size} characters: a managed policy takes {MOST_CHARACTERS}, so split it")
    write(json.dumps(policy, indent=2) + "\n")
    _end(planned, ())


def _listing(calls: Sequence[Call], *, more: bool = False) -> str:
    """The calls as the AWS CLI would make them, and those that may follow."""
    from copilot_preflight.snapshot.following import expected

    number = f"{len(calls)}{' more' * more} call{'s' * (len(calls) != 1)}"
    lines = [f"{number}, each of which only reads:" if calls else "no calls"]
    lines += (f"  {safe(str(call))}" for call in calls)
    asked = {call.command for call in calls}
    later = sorted({it.command for it in expected(calls)} - asked)
    if later:
        lines += ("and, for what the answers name:", f"  {', '.join(later)}")
    return "\n".join(lines) + "\n"


def _take(folder: Path, request: Request, profile: str, endpoint_url: str, where: Where) -> None:
    try:
        from copilot_preflight.snapshot.account import Account, Unusable
    except ImportError:
        fail(_MISSING)
    from copilot_preflight.cli.progress import Bar
    from copilot_preflight.snapshot import folder as folders
    from copilot_preflight.snapshot.subjects import ANY, Where
    from copilot_preflight.snapshot.taking import Snapshot, plan

    try:
        folders.require_ours(folder)
        region = "" if where.region == ANY else where.region
        account = Account(profile, region, endpoint_url)
        identity = account.identity()
        if where.account not in (ANY, identity.account):
            fail(
                f"the credentials are of account {identity.account}, "
                f"and --account is {where.account}"
            )
        request = request.placed(Where(identity.partition, identity.region, identity.account))
        planned = plan(request, identity.account)
        taken = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with Bar(sys.stderr, doing="asking the account") as bar:
            told: list[int] = []

            def announce(calls: Sequence[Call]) -> None:
                bar.clear()
                write(_listing(calls, more=bool(told)))
                told.append(len(calls))

            work = Snapshot(
                request, account, identity, lambda done, all: bar.step(done, all, ""), announce
            )
            work.take(planned)
        if work.is_empty:
            fail(f"nothing could be read: {work.first_message}")
        written = folders.write(folder, work.kept(), identity, taken)
    except (Unusable, folders.Unwritable) as error:
        fail(str(error))
    absent = f", {work.absent} not found" if work.absent else ""
    number = f"{written} answer{'s' * (written != 1)}"
    tell(safe(f"{folder}: {number} of account {identity.account}{absent}"))
    for note in _remarks(work):
        tell(f"note: {safe(note)}")
    _end(planned, work.unasked)


def _remarks(work: Snapshot) -> Sequence[str]:
    found = [*work.notes, *work.missing]
    for (command, error), number in sorted(work.failures.items()):
        times = f" ({number} times)" if number > 1 else ""
        found.append(f"{command} was not answered{times}: {error}")
    if any("AccessDenied" in error or "Unauthorized" in error for _, error in work.failures):
        found.append("--print-policy prints the policy that allows all of it")
    if work.is_cut_short:
        found.append("there was more to ask for than one snapshot takes: name fewer packages")
    return found


def _end(planned: Plan, unasked: Sequence[str]) -> None:
    from copilot_preflight.render.text import error_line

    for sentence in unasked:
        tell(f"note: not asked about {safe(sentence)}")
    for error in planned.packages.errors:
        tell(error_line(error))
    sys.exit(FAILED if planned.packages.errors else CLEAN)
