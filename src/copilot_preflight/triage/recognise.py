"""From a text to the failures that it reports."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, NamedTuple

from copilot_preflight.render.safe_text import safe
from copilot_preflight.triage.calls import Said, said_of_call
from copilot_preflight.triage.denials import Refusal, refusals
from copilot_preflight.triage.failure import LONGEST, Failure, Moment
from copilot_preflight.triage.known import KNOWN, Known
from copilot_preflight.triage.piece import Piece
from copilot_preflight.triage.reading import pieces_of
from copilot_preflight.triage.shapes import moment_of_session
from copilot_preflight.triage.wrapped import unwrapped
from copilot_preflight.triage.wrappers import WRAPPERS, Wrapper

MOST: Final = 200
"""Failures, at most, that are told of one input: a log repeats itself."""

_LONGEST_LINE: Final = 6_000
_MOST_LINES: Final = 1_000
"""Lines, at most, whose error is looked at closely: a flood of them says no more."""

_MOST_SHAPES: Final = 50_000
_DIGITS: Final = re.compile(r"(?<!\d)(?!40[34](?!\d))\d+")
"""Numbers in which lines of a log differ; two statuses are words."""

_NEAR: Final = 12
_TIME: Final = re.compile(r"^[\s\[(]{0,8}\d{2,4}[\d:TZ.,+\-/ ]{6,40}")
_ENCODED: Final = re.compile(
    r"[Ee]ncoded authorization (?:failure )?message:?\s{0,20}(?P<message>[\w-]{20,20000})"
)
_PRINCIPAL: Final = re.compile(
    r"arn:[a-z][a-z-]{0,20}:(?:sts|iam)::\d{12}:(?:assumed-role|role|user)/[\w+=,.@/-]{1,600}"
)
_OWN_WORDS: Final = re.compile(
    r"error|exception|denied|fail|forbidden|40[0-9]|unable|not |cannot|can't|timeout|timed|refused|"
    r"invalid|missing|stopped|exited|could|no such|enotfound|eai_again|reset|killed|throttl|"
    r"expired|"
    r"rate|toomany|deadline|unreachable|nosuch|space|mismatch|circuit|permissions?|i/o|"
    r"unauthorized|oom|memory|_failed",
    re.IGNORECASE,
)
"""A line without any of these words is none of the table's: most lines of a log."""


class _Found(NamedTuple):
    """A failure with the number of its line."""

    line: int
    failure: Failure

    @property
    def is_bare(self) -> bool:
        it = self.failure
        says = it.principal or it.action or it.resource or it.encoded
        return not says and it.what in ("call", "start", "object", "artifact", "")


def failures_in(text: str) -> tuple[Failure, ...]:
    """The failures of a text, each once, in the order in which it reports them."""
    found: dict[tuple[str, ...], Failure] = {}
    for piece in pieces_of(text):
        for failure in _of_piece(piece):
            found.setdefault(failure.identity, failure)
            if len(found) >= MOST:
                return _distinct(found.values())
    return _distinct(found.values())


def _distinct(failures: Iterable[Failure]) -> tuple[Failure, ...]:
    """The failures without those that say less than another one of the same kind."""
    listed = list(failures)
    kept: list[Failure] = []
    for failure in listed:
        if failure.what in _CONSEQUENCES and any(it.what not in _CONSEQUENCES for it in listed):
            continue  # that a container ended, or a stack, is what follows
        if not any(other is not failure and _says_more(other, failure) for other in listed):
            kept.append(failure)
    return tuple(kept)


_CONSEQUENCES: Final = frozenset(("container", "stack", "start", "capacity"))


def _says_more(other: Failure, failure: Failure) -> bool:
    if other.kind != failure.kind or failure.encoded:
        return False
    pairs = (
        (failure.principal and failure.role, other.principal and other.role),
        (failure.action, other.action),
        (failure.resource, other.resource),
    )
    agrees = all(not own or own == its for own, its in pairs)
    more = sum(bool(its) for _, its in pairs) > sum(bool(own) for own, _ in pairs)
    return agrees and more and (other.moment == failure.moment or not any(own for own, _ in pairs))


def _of_piece(piece: Piece) -> Iterator[Failure]:
    text = unwrapped(piece.text)
    piece = piece._replace(text=text)
    lines = text.split("\n")
    around = _moment_of_all(text)
    refused: dict[int, list[_Found]] = {}
    taken: set[int] = set()
    for found, last in _refusals(piece, lines, around):
        refused.setdefault(found.line, []).append(found)
        taken.update(range(found.line, last + 1))
    kept: list[_Found] = []
    seen: set[str] = set()
    unknown: set[str] = set()
    for number, line in enumerate(lines):
        if number in refused:
            kept += refused[number]
        if number in taken or len(seen) >= _MOST_LINES:
            continue
        line = line[:_LONGEST_LINE]
        if not piece.is_error and not _OWN_WORDS.search(line):
            continue
        key = _TIME.sub("", line)
        shape = _DIGITS.sub("0", key)
        if key in seen or (shape in unknown and not piece.is_error):
            continue  # a log repeats itself
        if not piece.is_error and _entry_of(line) is None:
            if len(unknown) < _MOST_SHAPES:
                unknown.add(shape)
            continue
        known = _known(piece, lines, number, around, _near(kept, number))
        if known is not None:
            seen.add(key)
            kept.append(known)
    for at, each in enumerate(kept):
        around_it = kept[max(0, at - _NEAR) : at + _NEAR]
        if not each.is_bare or not any(_covers(other, each) for other in around_it):
            yield each.failure


def _near(kept: Sequence[_Found], number: int) -> tuple[str, ...]:
    """The kinds of failure that the lines just above report."""
    return tuple(it.failure.kind for it in kept[-_NEAR:] if 0 < number - it.line <= _NEAR)


def _refusals(
    piece: Piece, lines: Sequence[str], around: Moment | None
) -> Iterator[tuple[_Found, int]]:
    """The refused calls in AWS's words, each with the last line that it takes."""
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    at = done = 0
    wrapper: Wrapper | None = None
    for refusal in islice(refusals(piece.text), _MOST_LINES):
        before = at
        while starts[at + 1] <= refusal.start:
            at += 1
        last = at
        while last + 2 < len(starts) and starts[last + 1] < refusal.end:
            last += 1
        begin = max(starts[at], refusal.start - _LONGEST_LINE // 2, done)
        end = max(refusal.end, min(starts[last + 1] - 1, refusal.end + 400))
        context = piece.text[begin:end]
        own = _wrapper_in(context)
        # what is said before the first of several calls on a line is said of all
        wrapper = own or (wrapper if before == at and done > starts[at] else None)
        done = refusal.end
        yield _Found(at, _refused(piece, refusal, context, around, wrapper)), last


def _covers(other: _Found, bare: _Found) -> bool:
    """Whether a line near by says the same, and more."""
    near = abs(other.line - bare.line) <= _NEAR
    return other is not bare and near and not other.is_bare


# --- a refused call in AWS's words ----------------------------------------------------------------


def _refused(
    piece: Piece, refusal: Refusal, context: str, around: Moment | None, wrapper: Wrapper | None
) -> Failure:
    known = piece.known
    principal = refusal.principal or known.principal
    resource = refusal.resource or known.resource
    if resource in ("*", "") and known.resource:
        resource = known.resource
    moment = _moment(piece, wrapper, None, principal, around or _deploying(refusal.action))
    what = _what(refusal.action, wrapper, moment, resource)
    encoded = _ENCODED.search(context)
    return Failure(
        _quoted(context),
        "access",
        moment,
        what,
        safe(principal)[:600],
        safe(refusal.action),
        safe(resource)[:2_100],
        refusal.layer,
        refusal.is_explicit,
        encoded["message"] if encoded else "",
    )


# --- other texts ----------------------------------------------------------------------------------


def _known(
    piece: Piece,
    lines: Sequence[str],
    number: int,
    around: Moment | None,
    near: Collection[str],
) -> _Found | None:
    """What one line reports; None where it only goes on with what is told just above.

    ``near`` are the kinds of failure that the lines above report.
    """
    line = lines[number][:_LONGEST_LINE]
    entry = _entry_of(line)
    if entry is None and not piece.is_error:
        return None
    said = said_of_call(line, piece.known.action)
    is_own = bool(said.action or said.resource)
    if not is_own and entry is not None and entry.kind in near:
        return None  # a status, the frames of a stack
    failure = _failure_of(piece, lines, number, around, entry, said)
    return _Found(number, failure)


def _failure_of(
    piece: Piece,
    lines: Sequence[str],
    number: int,
    around: Moment | None,
    entry: Known | None,
    said: Said,
) -> Failure:
    line = lines[number][:_LONGEST_LINE]
    before = "\n".join(it[:600] for it in lines[max(0, number - 3) : number])
    wrapper = _wrapper_in(line) or _wrapper_in(before)
    context = "\n".join((line, *(it[:600] for it in lines[number + 1 : number + 7]), before))
    own = entry.action if entry is not None else ""
    if not said.action or not said.resource:
        wider = said_of_call(context, said.action)
        said = said._replace(
            action=said.action or wider.action, resource=said.resource or wider.resource
        )
    action = piece.known.action or (own if entry and entry.what == "kms" else "") or said.action
    action = action or (wrapper.action if wrapper is not None else "") or own
    principal = piece.known.principal
    if not principal:
        named = _PRINCIPAL.search(line)
        principal = (
            named[0] if named is not None and entry is not None and entry.kind == "access" else ""
        )
    kind = entry.kind if entry is not None else "other"
    what = entry.what if entry is not None else ""
    is_around = wrapper is None or wrapper.what in ("start", "stack")
    if kind == "access" and what in ("refused", "artifact") and wrapper and not is_around:
        what = wrapper.what
    moment = _moment(piece, wrapper, entry, principal, around or _deploying(action))
    resource = piece.known.resource or said.resource
    if what in ("refused", ""):
        what = _what(action, wrapper, moment, resource)
    if what == "start" and wrapper is not None:
        what = wrapper.what
    if kind in ("network", "other") and wrapper is None and not piece.known.action:
        resource = ""
    encoded = _ENCODED.search(context)
    return Failure(
        _quoted(line),
        kind,
        moment,
        "encoded" if encoded else what,
        safe(principal)[:600],
        safe(action),
        safe(resource)[:2_100],
        encoded=encoded["message"] if encoded else "",
    )


def _entry_of(line: str) -> Known | None:
    return next((entry for entry in KNOWN if entry.pattern.search(line)), None)


def _wrapper_in(text: str) -> Wrapper | None:
    return next((wrapper for wrapper in WRAPPERS if wrapper.pattern.search(text)), None)


# --- when -----------------------------------------------------------------------------------------

_LATER: Final[tuple[tuple[re.Pattern[str], Moment], ...]] = (
    (
        re.compile(r"\[Container\] \d{4}/|\bphase (?:context )?status|CodeBuild|CodePipeline"),
        "pipeline",
    ),
    (re.compile(r"##\[group\]|::group::|GITHUB_|Run aws-actions/"), "pipeline"),
    (re.compile(r"✘|\bcopilot (?:svc|env|job|deploy|init)\b|(?:CREATE|UPDATE)_FAILED"), "deploy"),
)
_BY_ROLE: Final[tuple[tuple[re.Pattern[str], Moment], ...]] = (
    (
        re.compile(
            r"code-?build|code-?pipeline|pipeline|github|gitlab|bitbucket|jenkins", re.IGNORECASE
        ),
        "pipeline",
    ),
    (
        re.compile(
            r"EnvManagerRole|CFNExecutionRole|cfn-exec|cloudformation|cdk-hnb|deploy", re.IGNORECASE
        ),
        "deploy",
    ),
    (re.compile(r"execution|ecsTaskExec|TaskExec", re.IGNORECASE), "start"),
    (re.compile(r"task-?role|app-?role", re.IGNORECASE), "run"),
)


def _moment_of_all(text: str) -> Moment | None:
    """When all of a text was written, by how it looks."""
    head = text[:200_000]
    return next((moment for pattern, moment in _LATER if pattern.search(head)), None)


def _moment(
    piece: Piece,
    wrapper: Wrapper | None,
    entry: Known | None,
    principal: str,
    around: Moment | None,
) -> Moment:
    by_session = moment_of_session(principal)
    if by_session is not None:
        return by_session
    if wrapper is not None and wrapper.what not in ("artifact", "stack"):
        return wrapper.moment
    if piece.known.moment is not None:
        return piece.known.moment
    name = (
        principal.partition(":assumed-role/")[2].partition("/")[0] or principal.rpartition("/")[2]
    )
    for pattern, moment in _BY_ROLE:
        if name and pattern.search(name):
            return moment
    if wrapper is not None:
        return wrapper.moment
    if around is not None:
        return around
    return entry.moment if entry is not None and entry.moment is not None else "run"


_DEPLOYING: Final = re.compile(
    r"cloudformation:|iam:(?:PassRole|Create|Put|Attach|Update|Delete|Tag)|"
    r"ecs:(?:RegisterTaskDefinition|(?:Create|Update)Service)$",
    re.IGNORECASE,
)


def _deploying(action: str) -> Moment | None:
    """When calls are made that change what is deployed, which applications seldom do."""
    return "deploy" if _DEPLOYING.match(action) else None


# --- what -----------------------------------------------------------------------------------------

_BY_SERVICE: Final[Mapping[str, str]] = {
    "ssm": "secret",
    "secretsmanager": "secret",
    "ecr": "image",
    "logs": "logs",
    "elasticfilesystem": "efs",
    "ssmmessages": "exec",
    "kms": "kms",
    "sts": "trust",
    "s3": "object",
}


def _what(action: str, wrapper: Wrapper | None, moment: Moment, resource: str) -> str:
    service = action.partition(":")[0].lower()
    if service == "kms":
        return "kms"
    if wrapper is not None and wrapper.what not in ("start", "artifact", "stack"):
        return wrapper.what
    if service == "s3" and moment == "start":
        return "env-file" if "/env-files/" in resource or resource.endswith(".env") else "object"
    if service == "s3" and moment == "pipeline":
        return "artifact"
    is_artifact = wrapper is not None and wrapper.what == "artifact"
    return _BY_SERVICE.get(service, "artifact" if is_artifact else "call")


def _quoted(text: str) -> str:
    """A text on one line, without what no output may carry, and not too long."""
    line = safe(" ".join(_ENCODED.sub("Encoded authorization failure message: …", text).split()))
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
