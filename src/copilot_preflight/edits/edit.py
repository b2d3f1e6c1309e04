"""Corrections of what a document says, and the help of a finding that they are behind."""

from __future__ import annotations

from enum import Enum
from typing import Final, Protocol

from copilot_preflight.base.finding import DataPath, Place, Remedy
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.grant import Grant
from copilot_preflight.edits.spelling import Expression, Plain, Spelling, one_line


class Applicability(Enum):
    """Whether something may be applied unseen."""

    SAFE = "safe"
    """It makes the intended call work and allows nothing else."""
    REVIEW = "review"
    """It widens, moves, takes away or guesses something: somebody has to look at it."""


class Operation(Enum):
    """What an edit does at its path.

    ``INSERT`` writes a new key of a mapping, and the mappings above it that are not there either.
    Where the path ends in `END` it adds to the list before that, and a single value or none becomes
    a list first, as IAM takes either. ``REMOVE`` takes away what it leaves empty above it, too.
    """

    REPLACE = "replace"
    INSERT = "insert"
    REMOVE = "remove"


END: Final = "-"
"""The last step of a path that is behind the last item of a list, as in JSON Pointer."""


class New(Protocol):
    """What an edit writes: a string, a statement, a policy."""

    @property
    def plain(self) -> Plain: ...

    @property
    def gaps(self) -> tuple[str, ...]: ...


class Edit(NamedTuple):
    """One change at one path of one document; ``new`` is None where something is removed.

    ``title`` is an imperative without a full stop, as an editor offers it.
    """

    operation: Operation
    file: str
    path: DataPath
    new: New | None
    title: str
    applicability: Applicability

    @property
    def value(self) -> Plain | None:
        """What will be written, as data."""
        return None if self.new is None else self.new.plain

    @property
    def yaml(self) -> str:
        """What will be written, in YAML; ``""`` where nothing or a whole policy is."""
        return self.new.yaml if isinstance(self.new, Spelling | Expression | Grant) else ""

    @property
    def gaps(self) -> tuple[str, ...]:
        """What somebody has to fill in before it can be applied."""
        return () if self.new is None else self.new.gaps


def replacement(
    at: Place, new: New, title: str, applicability: Applicability = Applicability.SAFE
) -> Edit:
    """The edit that writes another value in the place of one."""
    return Edit(Operation.REPLACE, at.file, at.path, new, title, applicability)


def insertion(
    file: str,
    path: DataPath,
    new: New,
    title: str,
    applicability: Applicability = Applicability.SAFE,
) -> Edit:
    """The edit that writes a new key, or a new item where the path ends in `END`."""
    return Edit(Operation.INSERT, file, path, new, title, applicability)


def removal(at: Place, title: str) -> Edit:
    """The edit that takes something away, which is never done unseen."""
    return Edit(Operation.REMOVE, at.file, at.path, None, title, Applicability.REVIEW)


class Help(NamedTuple):
    """The way out of a finding: what to do in a sentence, and the values behind it.

    ``grants`` are statements to write, which the help shows; ``lines`` are further lines of YAML.
    ``edits`` correct what is there already, all together. Where there are both, either is enough,
    and the edits come closer to what was meant. ``applicability`` is that of the grants. ``no_fix``
    is why nothing of it can be carried out, where that is known: a clause without a full stop. The
    grants alone do not end the finding where they are not ``is_enough``.

    What ``is_masked`` had a secret in it, has a hole there now, and is for reading alone. Where it
    ``is_near_secret``, lines that it changes hold one, or the next ones do. ``shown`` is how a
    report shows it, where that has been worked out already. What ``is_brief`` a report shows
    without the lines that it changes, since they would take too long to work out.
    """

    sentence: str
    grants: tuple[Grant, ...] = ()
    edits: tuple[Edit, ...] = ()
    lines: tuple[str, ...] = ()
    applicability: Applicability = Applicability.SAFE
    is_masked: bool = False
    is_near_secret: bool = False
    shown: Remedy | None = None
    is_brief: bool = False
    no_fix: str = ""
    is_enough: bool = True

    @property
    def text(self) -> str:
        """The help as reports show it: the sentence, and below it what can be pasted."""
        statements = dict.fromkeys(grant.yaml for grant in self.grants)
        return "\n".join((one_line(self.sentence), *statements, *self.lines))

    def after(self, words: str) -> Help:
        """The same with some words before its sentence."""
        return self._replace(sentence=f"{words}{self.sentence}")


class NoFix(NamedTuple):
    """Why something is left to whoever reads it: a clause in lower case, without a full stop."""

    reason: str
