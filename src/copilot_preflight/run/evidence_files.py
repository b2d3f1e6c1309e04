"""What a run is given of the account: its answers, what they settle, and how old they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from copilot_preflight.base.finding import Finding, Place, Related, Report
from copilot_preflight.evidence.account import Account
from copilot_preflight.evidence.levels import Level
from copilot_preflight.evidence.reading import read
from copilot_preflight.iam.layers import PolicySet
from copilot_preflight.iam.policy import Statement
from copilot_preflight.model.account_documents import answered
from copilot_preflight.model.policy_documents import statements_of
from copilot_preflight.read.document import Document
from copilot_preflight.resolve.outside import Outside
from copilot_preflight.resolve.plain import Plain
from copilot_preflight.resolve.value import Value
from copilot_preflight.run.options import Options

_DAY: Final = 86_400
_MOST: Final = 3
"""Files that a note names."""


def with_account(
    alone: Outside,
    options: Options,
    sources: dict[str, Document],
    refuse: Callable[..., None],
    notes: list[str],
) -> Outside:
    """What the user says about things outside the run, with the account behind it.

    The policies of the organization are those of the command line, if it names any.
    """
    found = read(options.evidence, options.read)
    sources.update(found.documents)
    refuse(*found.faults)
    notes += _unread(found.others)
    notes += _old(found.account.taken, options.evidence_max_age)
    account = found.account
    scps, rcps = alone.scps, alone.rcps
    number = options.pseudo.get("AWS::AccountId") or account.where.account
    levels = account.levels(number)
    if levels is not None and not scps and not rcps:
        scps, rcps = (tuple(map(_level, each)) for each in levels)
    return alone.with_account(account, scps, rcps)


def pseudo_parameters(options: Options, outside: Outside) -> Mapping[str, str]:
    """The values of pseudo parameters: as given, else of the account that was asked."""
    account = outside.account
    if account is None:
        return options.pseudo
    where = account.where
    given = {
        "AWS::AccountId": where.account,
        "AWS::Region": where.region,
        "AWS::Partition": where.partition,
    }
    is_other = options.pseudo.get("AWS::AccountId", where.account) != where.account
    known = {} if is_other else {name: value for name, value in given.items() if value}
    if "AWS::Region" in options.pseudo:
        known.pop("AWS::Partition", None)
    return {**known, **options.pseudo}


def _level(level: Level) -> PolicySet:
    statements: list[Statement] = []
    for policy in level.policies:
        statements += answered(policy)
    if level.is_full:
        raw = {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
        file = level.policies[0].place.file if level.policies else ""
        statements += statements_of(Value(Plain(file), raw, ()), "FullAWSAccess")
    return PolicySet(tuple(statements))


def _unread(others: Sequence[str]) -> Iterator[str]:
    if others:
        more = f" and {len(others) - _MOST} more" if len(others) > _MOST else ""
        files = f"{', '.join(others[:_MOST])}{more}"
        yield f"evidence: no answer that is read here: {files}"


def _old(taken: Mapping[str, float], most: int | None) -> Iterator[str]:
    """One note on the oldest of the answers that are too old."""
    if most is None:
        return
    now = time.time()
    old = sorted((moment, file) for file, moment in taken.items() if now - moment > most * _DAY)
    if old:
        moment, file = old[0]
        days, more = int((now - moment) // _DAY), len(old) - 1
        others = f", and {more} more {'are' if more > 1 else 'is'} older than {_days(most)}"
        again = f"{others}: take them anew" if more else ": take it anew"
        yield f"{file}: the account's answer is {_days(days)} old{again}"


def _days(number: int) -> str:
    return f"{number} day{'s' * (number != 1)}"


def dated(finding: Finding, account: Account) -> Finding:
    """A finding that says of what day the answers are to which it points.

    It is a day and no age, so that the same run says the same tomorrow.
    """
    taken = account.taken
    related = tuple(
        it._replace(message=f"{it.message} ({_answer_of(taken[it.place.file])})")
        if it.place.file in taken
        else it
        for it in finding.related
    )
    if finding.at.file in taken:
        related = (*related, Related(finding.at, _answer_of(taken[finding.at.file])))
    return finding if related == finding.related else finding._replace(related=related)


def rested_on(report: Report, account: Account) -> Sequence[tuple[str, str]]:
    """The answers to which findings and calls of a report point, with their times in UTC."""
    places = [it for finding in report.findings for it in (finding.at, *_related(finding))]
    places += (place for call in report.proof or () for place in call.places)
    files = sorted({place.file for place in places if place.file in account.taken})
    return [(file, f"{_written(account.taken[file], '%Y-%m-%dT%H:%M:%S')}Z") for file in files]


def _related(finding: Finding) -> Iterator[Place]:
    return (it.place for it in finding.related)


def _answer_of(moment: float) -> str:
    return f"the account's answer of {_written(moment, '%Y-%m-%d')}"


def _written(moment: float, form: str) -> str:
    return time.strftime(form, time.gmtime(moment))
