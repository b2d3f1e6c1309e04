"""The work of a snapshot: calls, what their answers lead to, and so on until nothing is new."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from copilot_preflight.evidence.index import NONE_THERE
from copilot_preflight.run.options import Options
from copilot_preflight.snapshot import asking, judging
from copilot_preflight.snapshot.calls import Answer, Call
from copilot_preflight.snapshot.folder import Kept
from copilot_preflight.snapshot.following import following
from copilot_preflight.snapshot.keeping import kept, no_echo_of, template_in
from copilot_preflight.snapshot.missing import Wanted, imported
from copilot_preflight.snapshot.subjects import Identity, Where

MOST_CALLS: Final = 3_000
"""Calls of one snapshot; a stack of a hundred services takes some hundreds."""

Step = Callable[[int, int], None]
"""Called with how many calls are made, and how many are known of."""

Announce = Callable[[Sequence[Call]], None]
"""Called with the calls that are about to be made, but for those that answers lead to."""


class Asked(Protocol):
    """Who answers calls: the account."""

    def ask(self, call: Call) -> Answer: ...


class Request(NamedTuple):
    """What a snapshot is of.

    ``objects``: also ask for environment files themselves; ``organization``: also for the policies
    of the organization. ``options`` are those with which the packages are judged.
    """

    stacks: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    objects: bool = False
    organization: bool = False
    options: Options = Options()

    def placed(self, where: Where) -> Request:
        """The same in an account and region, as far as they are known."""
        known = {
            "AWS::Region": where.region,
            "AWS::AccountId": where.account,
            "AWS::Partition": where.partition,
        }
        own = {name: value for name, value in known.items() if value != "*"}
        return self._replace(options=self.options._replace(pseudo={**self.options.pseudo, **own}))


class Plan(NamedTuple):
    """The calls that are known before any is made, and what is wrong with the packages."""

    calls: tuple[Call, ...]
    packages: judging.Judged

    @property
    def unasked(self) -> tuple[str, ...]:
        return self.packages.wanted.unasked


def plan(request: Request, account: str = "") -> Plan:
    """What to ask for, as far as it is known without the account."""
    packages = judging.of_packages(request.packages, request.options)
    calls = [call for name in request.stacks for call in asking.of_stack(name)]
    calls += _calls(packages.wanted, request)
    if request.organization:
        calls += asking.of_organization(account or "*")
    return Plan(tuple(dict.fromkeys(calls)), packages)


def _calls(wanted: Wanted, request: Request) -> Iterator[Call]:
    yield from wanted.calls
    if request.objects:
        yield from wanted.objects
    if wanted.imports:
        yield from asking.of_exports()


class Snapshot:
    """One snapshot; `take` fills it. ``notes`` are sentences on what went wrong with a stack."""

    def __init__(
        self, request: Request, account: Asked, identity: Identity, step: Step, announce: Announce
    ) -> None:
        self._request = request
        self._account = account
        self._identity = identity
        self._step = step
        self._announce = announce
        self._answers: dict[Call, Answer] = {}
        self._imports: dict[str, None] = {}
        self._judged: dict[Call | None, judging.Judged] = {}  # None for the packages
        self.notes: dict[str, None] = {}
        self.is_cut_short = False

    def take(self, planned: Plan) -> None:
        """Makes the calls of a plan, judges the templates that they bring, and goes on."""
        self._note(None, planned.packages)
        self._make(planned.calls)
        self._judge_stacks()
        if exports := self._exports():
            # With the values of the exports more has a name, and it may need to be asked for.
            again = judging.of_packages(self._request.packages, self._request.options, exports)
            self._judged.clear()
            self._note(None, again)
            self._make(_calls(again.wanted, self._request))
            self._judge_stacks()

    @property
    def unasked(self) -> Sequence[str]:
        """Sentences on what no call is made for, as too little is known of it."""
        found = (said for it in self._judged.values() for said in it.wanted.unasked)
        return tuple(dict.fromkeys(found))

    def _judge_stacks(self) -> None:
        """Makes the calls that the templates of stacks need, until no new stack turns up."""
        while new := [
            call
            for call, answer in self._answers.items()
            if call.command == _TEMPLATE and answer.body is not None and call not in self._judged
        ]:
            found = [self._judge_stack(call) for call in new]
            self._make(_calls(Wanted.total(it.wanted for it in found), self._request))

    def _judge_stack(self, call: Call) -> judging.Judged:
        name, judged = call.folder[-1], judging.Judged()
        template = template_in(self._answers[call].body or {})
        if template is not None:
            stacks = (self._body(_STACK, call) or {}).get("Stacks") or [{}]
            judged = judging.of_stack(
                name, template, stacks[0], self._request.options, self._exports()
            )
        for error in judged.errors:
            self.notes[f"stack '{name}': its template is not judged: {error.message}"] = None
        self._note(call, judged)
        return judged

    def _note(self, what: Call | None, judged: judging.Judged) -> None:
        self._judged[what] = judged
        self._imports.update(dict.fromkeys(judged.wanted.imports))

    def _make(self, calls: Iterable[Call]) -> None:
        placed = dict.fromkeys(it.placed(self._identity) for it in calls)
        new = tuple(it for it in placed if it not in self._answers)
        if not new:
            return
        self._announce(new)
        pending, known = deque(new), {*new, *self._answers}
        while pending:
            if len(self._answers) >= MOST_CALLS:
                self.is_cut_short = True
                return
            call = pending.popleft()
            answer = self._answers[call] = self._account.ask(call)
            if answer.body is not None:
                for it in following(call, answer.body, self._identity.account):
                    found = it.placed(self._identity)
                    if found not in known:
                        known.add(found)
                        pending.append(found)
            self._step(len(self._answers), len(known))

    def _exports(self) -> Sequence[Mapping[str, Any]]:
        answer = self._answers.get(next(asking.of_exports()))
        return imported(answer.body, self._imports) if answer and answer.body else ()

    def _body(self, command: str, like: Call) -> Mapping[str, Any] | None:
        answer = self._answers.get(Call(command, like.values, like.region))
        return answer.body if answer is not None else None

    # --- what came of it ---------------------------------------------------------------------

    def kept(self) -> list[Kept]:
        """The answers as they are written."""
        return [
            Kept(call, self._kept(call, it), it.error or "Unreadable")
            for call, it in self._answers.items()
        ]

    def _kept(self, call: Call, answer: Answer) -> Mapping[str, Any] | None:
        if answer.body is None:
            return None
        body = answer.body
        if call.command == "cloudformation list-exports":
            body = {"Exports": self._exports()}
        no_echo = frozenset[str]()
        if call.command in (_TEMPLATE, _STACK):
            template = template_in(self._body(_TEMPLATE, call) or {})
            if call.command == _TEMPLATE and template is None:
                return None  # in what cannot be read, secrets cannot be found
            no_echo = no_echo_of(template)
        return kept(call.command, body, no_echo)

    @property
    def failures(self) -> Mapping[tuple[str, str], int]:
        """How many calls were not answered, by their commands and errors."""
        return Counter(
            (call.command, answer.error)
            for call, answer in self._answers.items()
            if answer.body is None and answer.error not in call.operation.absent
        )

    @property
    def absent(self) -> int:
        """How many calls were answered by the error that what they ask about is not there."""
        return sum(
            answer.body is None and answer.error in call.operation.absent
            for call, answer in self._answers.items()
        )

    @property
    def missing(self) -> Sequence[str]:
        """Sentences on what the account does not have: a bucket, a role, a repository."""
        gone = {
            f"{call.operation.subject} '{call.folder[-1]}' is not there: {answer.error}": None
            for call, answer in self._answers.items()
            if answer.error in call.operation.absent
            and answer.error not in NONE_THERE.get(call.command, ())
        }
        return tuple(gone)

    @property
    def first_message(self) -> str:
        """What AWS says to the first call that it did not answer."""
        said = (
            f"{call.command}: {answer.message or answer.error}"
            for call, answer in self._answers.items()
            if answer.body is None and answer.error not in call.operation.absent
        )
        return next(said, "")

    @property
    def is_empty(self) -> bool:
        """Whether nothing was learnt."""
        return bool(self._answers) and sum(self.failures.values()) == len(self._answers)


_TEMPLATE: Final = "cloudformation get-template"
_STACK: Final = "cloudformation describe-stacks"
