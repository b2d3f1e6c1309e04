"""The way out where something is there and wrong: the edits that put it right.

Like the grants, the values are loaded when there is something to say.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from copilot_preflight.base.finding import DataPath, Place
from copilot_preflight.iam.policy import CURRENT_VERSION, Entry, Statement

if TYPE_CHECKING:
    from copilot_preflight.edits.edit import Edit, Help
    from copilot_preflight.edits.grant import Grant
    from copilot_preflight.edits.spelling import Spelling, Written
    from copilot_preflight.resolve.stack import Stack


def replaced(at: Place, new: Written | Spelling, title: str, *, is_safe: bool = True) -> Edit:
    """A string in the place of another one."""
    from copilot_preflight.edits.edit import Applicability, replacement
    from copilot_preflight.edits.spelling import Spelling, spelled

    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    value = new if isinstance(new, Spelling) else spelled(new)
    return replacement(at, value, title, applicability)


def removed(at: Place, title: str) -> Edit:
    """Something taken away: see `removal`. A branch of ``Fn::If`` has to say that it is empty.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html
    """
    from copilot_preflight.edits.edit import removal

    if at.path[-2:-1] == ("Fn::If",):
        from copilot_preflight.edits.spelling import Spelling

        return replaced(at, Spelling("AWS::NoValue", "Ref"), title, is_safe=False)
    return removal(at, title)


def with_version(statement: Statement, *, is_safe: bool = True) -> Edit | None:
    """The Version under which the document of a statement has variables.

    None where the document is not written there, as a policy of AWS's.
    """
    from copilot_preflight.edits.edit import Applicability, Edit, Operation
    from copilot_preflight.edits.spelling import Spelling

    file, path = statement.place.file, statement.place.path
    if "Statement" not in path:
        return None
    end = len(path) - path[::-1].index("Statement") - 1
    operation = Operation.REPLACE if statement.version else Operation.INSERT
    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    title = "add the Version that has variables"
    version = Spelling(CURRENT_VERSION)
    return Edit(operation, file, (*path[:end], "Version"), version, title, applicability)


def taken_out(
    statement: Statement, entries: Collection[Entry], of: Collection[Entry], title: str
) -> list[Edit]:
    """Some entries of an element of a statement taken away; all of them with the statement.

    A statement is nothing without its principals, actions or resources, or refused.
    """
    if all(entry in entries for entry in of):
        return [removed(statement.place, title)]
    return [removed(entry.place, title) for entry in entries]


def corrected(
    statement: Statement,
    entry: Entry,
    actions: Collection[Entry],
    text: Written,
    title: str,
    *,
    is_safe: bool = True,
) -> Edit:
    """The ARN that some actions of a statement need, for one that they can never match.

    If the statement has other actions, the ARN may be theirs: the right one is added to it. In a
    Deny statement it denies what has been allowed so far, so somebody has to look at it.
    """
    is_safe = is_safe and statement.effect == "Allow"
    needs_both = any(action not in actions for action in statement.actions)
    if needs_both:
        added = added_to(statement.place, entry.place, text, title, is_safe=is_safe)
        if added is not None:
            return added
    return replaced(entry.place, text, title, is_safe=is_safe and not needs_both)


def added_to(
    statement: Place,
    entry: Place,
    new: Written | Spelling,
    title: str,
    *,
    depth: int = 1,
    is_safe: bool = True,
) -> Edit | None:
    """A further value next to an entry of a statement, in the list that the entry is in or makes.

    ``depth`` is how many keys below the statement that list is: 1 for Resource, 2 for
    Principal.Service, 3 for a condition's key. None where the entry is not written there, as in a
    policy of AWS's.
    """
    from copilot_preflight.edits.edit import Applicability, insertion
    from copilot_preflight.edits.spelling import Spelling, spelled

    path = list_of(statement, entry, depth)
    if path is None:
        return None
    value = new if isinstance(new, Spelling) else spelled(new)
    applicability = Applicability.SAFE if is_safe else Applicability.REVIEW
    return insertion(entry.file, path, value, title, applicability)


def depending_on(
    stack: Stack, resource: str, awaited: str, name: str, *, is_circular: bool
) -> Help:
    """The line that makes a resource wait for another, by its logical ids.

    ``name`` is what a message calls the resource. CloudFormation refuses a circle: a policy that
    refers to the resource itself has to go into the role.
    """
    from copilot_preflight.edits.edit import END, Applicability, Help, insertion
    from copilot_preflight.edits.spelling import Spelling

    if is_circular:
        return Help(
            f"put what '{awaited}' grants into the role itself, under Policies: it waits for "
            f"{name}, or may, so that {name} cannot wait for it"
        )
    written = stack.data["Resources"][resource].get("DependsOn")
    before = written if isinstance(written, list) else [] if written is None else [written]
    names = [*map(str, before), awaited]
    edit = insertion(
        stack.file,
        ("Resources", resource, "DependsOn", END),
        Spelling(awaited),
        f"let {name} wait for '{awaited}'",
        # One that is made under a condition alone is nothing to wait for without it.
        Applicability.REVIEW
        if "Condition" in stack.data["Resources"][awaited]
        else Applicability.SAFE,
    )
    line = f"DependsOn: {names[0]}" if len(names) == 1 else f"DependsOn: [{', '.join(names)}]"
    return Help(f"let {name} wait for it:", edits=(edit,), lines=(line,))


def list_of(statement: Place, entry: Place, depth: int) -> DataPath | None:
    """The path behind the last item of the list that an entry of a statement is in, or makes.

    A branch of ``Fn::If`` around the whole list is entered, one around a single item is not.
    """
    from copilot_preflight.edits.edit import END

    start, path = statement.path, entry.path
    if statement.file != entry.file or path[: len(start)] != start:
        return None
    end = len(start)
    if path[end : end + 1] == ("Statement",):
        return None  # of a policy of AWS's, which stands for its ARN
    for _ in range(depth):
        end = _inside_branches(path, end) + 1
    end = _inside_branches(path, end)
    return (*path[:end], END) if end <= len(path) else None


def _inside_branches(path: DataPath, end: int) -> int:
    while path[end : end + 1] == ("Fn::If",):
        end += 2
    return end


def statement_next_to(statement: Place, grant: Grant, title: str) -> Edit | None:
    """A further statement in the policy document that a statement stands in.

    None where the document is not written there, as for a policy of AWS's.
    """
    from copilot_preflight.edits.edit import END, insertion

    path = statement.path
    if "Statement" not in path:
        return None
    end = len(path) - path[::-1].index("Statement")
    return insertion(statement.file, (*path[: _inside_branches(path, end)], END), grant, title)
