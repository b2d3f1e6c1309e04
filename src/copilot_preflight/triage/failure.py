"""What a text says has failed."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Moment = Literal["start", "run", "pipeline", "deploy"]
"""Before the containers run (execution role), while they do (task role), in a pipeline or a build,
or when a stack is created or updated."""

Kind = Literal["access", "network", "name", "other"]
"""Refused; no answer at all; something of that name is not there; anything else."""

Layer = Literal[
    "",
    "identity-based policy",
    "resource-based policy",
    "permissions boundary",
    "session policy",
    "service control policy",
    "resource control policy",
    "VPC endpoint policy",
    "role trust policy",
]
"""The kind of policy that AWS names, ``""`` where it names none."""

LONGEST: Final = 1_000
"""Characters, at most, of the text that a failure quotes."""


class Failure(NamedTuple):
    """One failure. What a text does not say is ``""``.

    ``what`` is a stable slug of what was tried (``"env-file"``), ``is_explicit`` whether a Deny
    statement decided (None where AWS does not say), ``encoded`` the encoded authorization message.
    No secret of the text is in any of the fields.
    """

    text: str
    kind: Kind
    moment: Moment
    what: str = ""
    principal: str = ""
    action: str = ""
    resource: str = ""
    layer: Layer = ""
    is_explicit: bool | None = None
    encoded: str = ""

    @property
    def role(self) -> str:
        """The name of the role that made the call, ``""`` for a user or where none is named."""
        return role_in(self.principal)

    @property
    def account(self) -> str:
        """The account of the caller."""
        parts = self.principal.split(":")
        is_number = len(parts) > 5 and len(parts[4]) == 12 and parts[4].isdigit()
        return parts[4] if is_number else ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What is the same for one failure that a log repeats."""
        who = self.role or self.principal
        return (self.kind, self.moment, self.what, who, self.action, self.resource, self.layer)


def role_in(principal: str) -> str:
    """The name of a role out of the ARN of the role or of one of its sessions."""
    parts = principal.split(":", 5)
    if len(parts) < 6 or parts[2] not in ("sts", "iam"):
        return ""
    kind, _, rest = parts[5].partition("/")
    if kind == "assumed-role":
        return rest.partition("/")[0]
    return rest.rpartition("/")[2] if kind == "role" else ""
