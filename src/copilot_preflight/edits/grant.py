"""An Allow statement that is to be written, and in whose policy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Final

from copilot_preflight.base.finding import Place
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.edits.spelling import (
    EVERYBODY,
    Expression,
    Plain,
    Spelling,
    Written,
    spelled,
    spelling_of,
)
from copilot_preflight.iam.layers import Layer

EFFECT: Final = "Allow"


class PolicyOwner(NamedTuple):
    """Whose policy a statement belongs in, and which kind of policy it is.

    ``name`` is for sentences: ``role 'ExecutionRole'``. ``place`` is the role, key or repository in
    its template, the PolicyDocument of an endpoint, and a statement of any other policy; None where
    no file of the run has it. ``workload`` is the Copilot workload whose overrides change the
    role's template, ``""`` outside of Copilot and for other policies; ``program`` is the file with
    which it does so, where that is a program of the CDK.
    """

    layer: Layer
    name: str
    place: Place | None = None
    logical_id: str = ""
    workload: str = ""
    program: str = ""

    @property
    def where(self) -> str:
        """The policy to write in. What Copilot writes, it writes anew: an override lasts."""
        patches = self.program or f"copilot/{self.workload}/overrides/cfn.patches.yml"
        patched = f", by {patches}" if self.workload else ""
        return f"a policy of '{self.logical_id}'{patched}"


class Permission(NamedTuple):
    """What a grant makes possible: ``who`` may then do ``action`` on ``resource``."""

    who: str
    action: str
    resource: str

    def __str__(self) -> str:
        on = f" on '{self.resource}'" if self.resource else ""
        return f"{self.who} may {self.action}{on}"


class Clause(NamedTuple):
    """One key of a Condition. ``values`` are a list, or the one string that stands alone."""

    operator: str
    key: str
    values: tuple[str, ...] | str


class Grant(NamedTuple):
    """One Allow statement, not yet in any policy.

    ``actions`` are at least one. ``resources`` are `Written`, none in a policy that
    knows its only resource. ``principal`` is `EVERYBODY` or the ARN of a role, None in the policies
    of roles; ``kind`` is ``Service`` where it is the name of a service. ``under`` is the condition
    of the template under which it can be written, ``""`` for always. ``in_line`` writes several
    actions in one line of YAML; it says nothing else.
    """

    owner: PolicyOwner
    actions: tuple[str, ...]
    resources: tuple[Written, ...]
    principal: Spelling | Expression | None = None
    condition: tuple[Clause, ...] = ()
    under: str = ""
    kind: str = "AWS"
    in_line: bool = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Grant) and self[:-1] == other[:-1]

    def __ne__(self, other: object) -> bool:  # a tuple has one of its own
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:-1])

    @property
    def yaml(self) -> str:
        """The statement in YAML, as an item of a list."""
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"- Effect: {EFFECT}"
        if self.principal is not None:
            aws = self.principal.yaml
            whose = aws if self.principal == EVERYBODY else f"{{{self.kind}: {aws}}}"
            yield f"  Principal: {whose}"
        if len(self.actions) == 1:
            yield f"  Action: {self.actions[0]}"
        elif self.in_line:
            yield f"  Action: [{', '.join(self.actions)}]"
        else:
            yield "  Action:"
            yield from (f"    - {action}" for action in self.actions)
        if self.resources:
            yield "  Resource:"
            yield from (f"    - {spelled(resource).item}" for resource in self.resources)
        if self.condition:
            yield "  Condition:"
            yield from self._condition_lines()

    def _condition_lines(self) -> Iterator[str]:
        for operator, clauses in self._by_operator().items():
            yield f"    {operator}:"
            for clause in clauses:
                if isinstance(clause.values, str):
                    yield f"      {clause.key}: {spelling_of(clause.values).yaml}"
                else:
                    yield f"      {clause.key}:"
                    yield from (f"        - {spelling_of(it).yaml}" for it in clause.values)

    @property
    def plain(self) -> dict[str, Plain]:
        """The statement as data, the same as what `yaml` is read as."""
        statement: dict[str, Plain] = {"Effect": EFFECT}
        if self.principal is not None:
            everybody = self.principal == EVERYBODY
            aws = self.principal.plain
            statement["Principal"] = aws if everybody else {self.kind: aws}
        statement["Action"] = self.actions[0] if len(self.actions) == 1 else [*self.actions]
        if self.resources:
            statement["Resource"] = [spelled(resource).plain for resource in self.resources]
        if self.condition:
            statement["Condition"] = {
                operator: {clause.key: _values(clause) for clause in clauses}
                for operator, clauses in self._by_operator().items()
            }
        return statement

    def _by_operator(self) -> dict[str, list[Clause]]:
        found: dict[str, list[Clause]] = {}
        for clause in self.condition:
            found.setdefault(clause.operator, []).append(clause)
        return found

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """What it makes possible, each action on each resource, the condition aside.

        A boundary and a policy of an organization allow what some other policy grants.
        """
        who = _named(self.owner) if self.principal is None else _spelt(self.principal)
        texts = [it if isinstance(it, str) else it.text for it in self.resources]
        pairs = product(texts or ("",), self.actions)
        return tuple(Permission(who, action, resource) for resource, action in pairs)

    @property
    def gaps(self) -> tuple[str, ...]:
        """What somebody has to fill in before the statement can be deployed."""
        values = [value for clause in self.condition for value in _listed(clause)]
        spellings = [*map(spelled, self.resources), *map(spelled, values)]
        if self.principal is not None:
            spellings.append(self.principal)
        return tuple(dict.fromkeys(gap for spelling in spellings for gap in spelling.gaps))


def _named(owner: PolicyOwner) -> str:
    is_ceiling = owner.layer in (Layer.BOUNDARY, Layer.SCP)
    return f"whoever is under {owner.name}" if is_ceiling else owner.name


def _spelt(principal: Spelling | Expression) -> str:
    return "everybody" if principal == EVERYBODY else principal.text


def _listed(clause: Clause) -> tuple[str, ...]:
    return (clause.values,) if isinstance(clause.values, str) else clause.values


def _values(clause: Clause) -> Plain:
    values: list[Plain] = [spelling_of(value).plain for value in _listed(clause)]
    return values[0] if isinstance(clause.values, str) else values
