"""What AWS-managed policies say, as far as the services of ``iam.actions`` are concerned.

The facts are those of the AWS Managed Policy Reference
(https://docs.aws.amazon.com/aws-managed-policy/latest/reference/). ``data/generate.py`` makes the
table.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

from copilot_preflight.iam.tables import row_of

TABLE: Final = Path(__file__).parent.parent / "data" / "managed_policies.tsv"


def statements_of(arn_tail: str) -> list[dict[str, Any]] | None:
    """The statements of the default version of an AWS-managed policy.

    ``arn_tail`` is what follows ``arn:aws:iam::aws:policy/`` in the policy's ARN, such as
    ``service-role/AmazonECSTaskExecutionRolePolicy``; letter case counts. Statements and actions
    of other services are left out; ``Action``, where there is one, is always a list. ``[]``: the
    policy is known and says nothing about our services. ``None``: no such policy is known. The
    answer is the caller's to change.
    """
    row = _row(arn_tail)
    if row is None:
        return None
    statements: list[dict[str, Any]] = json.loads(row)
    return statements


def is_known(arn_tail: str) -> bool:
    """Whether AWS manages a policy of that name, as `statements_of` takes it."""
    return _row(arn_tail) is not None


@lru_cache(maxsize=512)
def _row(arn_tail: str) -> bytes | None:
    """The JSON of a policy."""
    return None if "\n" in arn_tail else row_of(TABLE, arn_tail)


def right_path(arn_tail: str) -> str | None:
    """The policy of AWS that has the same name under another path, or in other letter case.

    None where the policy itself is known, or no such name is. The name of a managed policy is
    unique in an account, whatever its path, and AWS's own have one account:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    """
    if "\n" in arn_tail or is_known(arn_tail):
        return None
    name = arn_tail.rpartition("/")[2]
    pattern = rb"\n((?:[^\t\n]*/)?" + re.escape(name.encode()) + rb")\t"
    found = re.search(pattern, _rows(), re.IGNORECASE)
    return found[1].decode() if found is not None else None


@cache
def _rows() -> bytes:
    # The line break in front makes the first row look like every other.
    return b"\n" + TABLE.read_bytes()
