"""What findings are put together from: the call they cite, given values, shortened ARNs."""

from __future__ import annotations

from collections.abc import Iterator

from copilot_preflight.access.cause import CONTENT_HASH
from copilot_preflight.access.request import Call
from copilot_preflight.base.finding import CitedCall, Related
from copilot_preflight.base.symbolic import Text
from copilot_preflight.iam import arn
from copilot_preflight.resolve.hints import reference_in
from copilot_preflight.resolve.stack import Stack
from copilot_preflight.resolve.value import Value


def cited(call: Call) -> CitedCall:
    """A call as a finding shows it."""
    return CitedCall(call.role.logical_id, call.action, str(call.resource), call.needed.because)


def value_of_parameter(stack: Stack, value: Value) -> Iterator[Related]:
    """Where the value of the parameter that a node refers to was given, if it was in a file."""
    name = reference_in(value.raw)
    given = stack.given(name)
    if given is not None and given.place is not None:
        yield Related(given.place, f"the value of {name}")


def abridged_key(object_arn: Text) -> str:
    """The key of an S3 object, for messages about objects that differ in nothing else."""
    name = arn.parse_s3(object_arn)
    return abridged(name.key if name and name.key else object_arn)


def abridged(text: Text | str) -> str:
    """A string for a message: content hashes are cut to their first eight characters."""
    return CONTENT_HASH.sub(lambda digest: digest[0][:8] + "…", str(text))
