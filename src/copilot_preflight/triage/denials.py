"""AWS's own grammar of a refused call: who, what, on what, and which kind of policy decided.

    User: PRINCIPAL is not authorized to perform: ACTION [on resource: ARN] [CONTEXT]

where the context is "because no ... policy allows the ... action" or "with an explicit deny in a
... policy". Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from copilot_preflight.triage.failure import Layer

_CORE: Final = re.compile(
    r"(?:is|are|was)\s{1,80}not\s{1,80}(?:authorized|"
    r"authorised)\s{1,80}to\s{1,80}perform(?::\s{0,80}|\s{1,80})"
    r"[\[\"'`]?(?P<action>[A-Za-z][A-Za-z0-9-]{1,40}:[A-Za-z*][\w*]{0,80})[\]\"'`]?",
    re.IGNORECASE,
)
_ON_RESOURCE: Final = re.compile(
    r"[,;]?\s{1,80}on\s{1,80}(?:the\s{1,80})?resources?(?::\s{0,80}|\s{1,80})"
    r"(?P<quote>[\\\"'`\[]{0,3})(?P<resource>(?:(?:role|user|group|policy|"
    r"instance profile)\s)?[^\s\"'`\\\]]{1,2048})[\\\"'`\]]{0,4}",
    re.IGNORECASE,
)
_OF_CIPHERTEXT: Final = re.compile(
    r"\s{1,80}on\s{1,80}(?:the|this)\s{1,80}resource\s{1,80}associated\s{1,80}with\s{1,80}this\s{1,80}"
    r"ciphertext",
    re.IGNORECASE,
)
"""What KMS says where it does not name the key."""
_CONTEXT: Final = re.compile(
    r"[,.;]?\s{0,80}(?:"
    r"because\s{1,80}(?:no|the)\s{1,80}(?P<lacking>[A-Za-z -]{3,60}?)\s{1,80}(?:policy|policies|"
    r"boundary|boundaries)"
    r"\s{1,80}allows?\b"
    r"|with\s{1,80}an\s{1,80}explicit\s{1,80}deny"
    r"(?:\s{1,80}in\s{1,80}(?:an?|the)\s{1,80}(?P<denying>[A-Za-z -]{3,60}?(?:policy|boundary)))?)",
    re.IGNORECASE,
)
_THROUGH: Final = re.compile(
    r"\s{0,80}transitively\s{1,80}through\s{1,80}an?\s{1,80}(service|"
    r"resource)\s{1,80}control\s{1,80}policy",
    re.IGNORECASE,
)

_LAYERS: Final[Mapping[str, Layer]] = {
    "identity-based": "identity-based policy",
    "resource-based": "resource-based policy",
    "permissions": "permissions boundary",
    "permission": "permissions boundary",
    "session": "session policy",
    "sessions": "session policy",
    "service control": "service control policy",
    "resource control": "resource control policy",
    "vpc endpoint": "VPC endpoint policy",
    "role trust": "role trust policy",
}
"""The words of a message and the layer that they mean; "sessions" is what AWS writes once.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

_FAR: Final = 2_200
"""Characters in front of "is not authorized" among which its subject is."""


class Refusal(NamedTuple):
    """A refused call as AWS words it, and where it stands in a text."""

    start: int
    end: int
    principal: str
    action: str
    resource: str
    layer: Layer
    is_explicit: bool | None


def refusals(text: str) -> Iterator[Refusal]:
    """Every sentence of that form; the time it takes grows with the text's length alone."""
    for core in _CORE.finditer(text):
        start, principal = _subject(text, core.start())
        end, resource = core.end(), ""
        on = None
        if (unnamed := _OF_CIPHERTEXT.match(text, end)) is not None:
            end = unnamed.end()
        else:
            on = _ON_RESOURCE.match(text, end)
        if on is not None:
            end, resource = on.end(), on["resource"].rstrip(".,;:)")
        layer, is_explicit, end = _context(text, end)
        yield Refusal(start, end, principal, core["action"], resource, layer, is_explicit)


def _subject(text: str, end: int) -> tuple[int, str]:
    """The word in front, or the two behind ``User:``; an ARN may be broken by no blank."""
    before = text[max(0, end - _FAR) : end].rstrip()
    words = before.split()
    if not words:
        return end, ""
    word = words[-1]
    offset = max(0, end - _FAR) + before.rfind(word)
    name = word.strip("\"'`,;()[]{}\\")
    for label in ("User:", "user:"):
        name = name.rpartition(label)[2] if label in name else name
    if len(words) > 1 and words[-2].endswith(("User:", "user:")):
        offset = max(0, end - _FAR) + before.rfind(words[-2])
    is_name = (
        name.startswith("arn:") or (":" in name and not name.endswith(":")) or "Session" in name
    )
    return offset, name if is_name else ""


_OF_KEY: Final = re.compile(
    r"\s{1,80}on\s{1,80}this\s{1,80}resource\s{1,80}because\s{1,80}the\s{1,80}resource\s{1,80}does"
    r"\s{1,80}not\s{1,80}exist[^\n]{0,300}",
    re.IGNORECASE,
)
"""What KMS says of a key of another account: it is not there, or its policy lets nobody in."""


def _context(text: str, end: int) -> tuple[Layer, bool | None, int]:
    of_key = _OF_KEY.match(text, end)
    if of_key is not None:
        return "resource-based policy", None, of_key.end()
    found = _CONTEXT.match(text, end)
    if found is None:
        return "", None, end
    words = " ".join((found["lacking"] or found["denying"] or "").lower().split())
    is_explicit = found["lacking"] is None
    through = _THROUGH.match(text, found.end())
    if through is not None:
        layer = _LAYERS[f"{through[1].lower()} control"]
        return layer, is_explicit, through.end()
    key = words.removesuffix("policy").removesuffix("boundary").strip()
    return _LAYERS.get(key, ""), is_explicit, found.end()
