"""Whether an ARN of Resource or NotResource covers the ARN of a request.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

from typing import Final

from copilot_preflight.base.symbolic import Text, has_inner_wildcard, match_by_segment
from copilot_preflight.iam.policy import matches

_COLONS: Final = 5


def covers(pattern: Text, target: Text, *, is_identity_based: bool) -> bool | None:
    """Whether a pattern, its variables filled, matches an ARN; None where AWS does not say.

    A wildcard stands for characters of its own segment. A star that ends one may run on over the
    colons; of any other, and of a question mark, no page says so. The resource's own colons,
    behind the fifth, part no segments.

    In a policy of an identity, an ARN of fewer than six segments has a star for each that is
    missing. Of other policies AWS does not say it, nor whether a star may run on in such an ARN.
    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    verdict = matches(pattern, target, _match)
    missing = _missing(pattern)
    if missing == 0 or (missing is None and verdict is not False):
        return verdict
    # Where nobody knows how many are missing, one star at the end is as good: it runs on.
    completed = matches(Text.of(pattern, ":*" * (missing or 1)), target, _match)
    if missing and is_identity_based and completed:
        return True
    return verdict if verdict is completed else None


def is_plain(pattern: str) -> bool:
    """Whether a known pattern is whole, and has no wildcard of which AWS says too little."""
    text = Text.of(pattern)
    return _missing(text) == 0 and not has_inner_wildcard(text, ":", _COLONS)


def _match(pattern: Text, target: Text) -> bool | None:
    return match_by_segment(pattern, target, ":", _COLONS)


def _missing(pattern: Text) -> int | None:
    """How many of an ARN's six segments are missing; None where what fills its holes decides it."""
    literal = pattern.literal
    if literal is not None:
        return max(_COLONS - literal.count(":"), 0) if literal.startswith("arn:") else 0
    pieces, complete = pattern.split(":", _COLONS)
    if len(pieces) > _COLONS or (complete and len(pieces) == 1):
        return 0  # whole, or without a colon, as the ids that a Ref gives: no ARN at all
    begins = pieces[0].equals(_ARN)
    if begins is False:
        return 0
    return _COLONS + 1 - len(pieces) if begins and complete else None


_ARN: Final = Text.of("arn")
