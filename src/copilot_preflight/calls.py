"""The AWS calls that roles make: what needs ask for, of the roles that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from copilot_preflight.iam import arn
from copilot_preflight.iam.evaluate import Request
from copilot_preflight.model.roles import Role
from copilot_preflight.needs.need import Ask, Need
from copilot_preflight.scenarios import Scenario
from copilot_preflight.stack import Stack
from copilot_preflight.text import Text


class Call(NamedTuple):
    """An AWS call that a role will make for a need."""

    need: Need
    role: Role
    ask: Ask

    @property
    def stack(self) -> Stack:
        return self.need.stack

    @property
    def scenario(self) -> Scenario:
        return self.need.scenario

    @property
    def action(self) -> str:
        return self.ask.action

    @property
    def resource(self) -> Text:
        return self.ask.resource

    @property
    def request(self) -> Request:
        return Request(self.action, self.resource, {**_context(self.role), **self.ask.context})

    @property
    def who(self) -> str:
        """The role as a message names it: ``execution role 'ExecutionRole'``."""
        return f"{self.need.user} {self.role}"


def calls_of(need: Need) -> Iterator[Call]:
    """The calls of a need; none where its role is not in the run."""
    if need.role is not None:
        for ask in need.asks:
            yield Call(need, need.role, ask)


def _context(role: Role) -> Mapping[str, tuple[Text, ...]]:
    """The condition keys that are certain for every call of a role; AWS speaks TLS.

    Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html,
    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
    """
    account = arn.parse(role.arn)
    return {
        "aws:securetransport": (Text.of("true"),),
        "aws:principalarn": (role.arn,),
        "aws:principaltype": (Text.of("AssumedRole"),),
        "aws:principalisawsservice": (Text.of("false"),),
        **({"aws:principalaccount": (account.account,)} if account else {}),
        **({"kms:calleraccount": (account.account,)} if account else {}),
    }
