"""Takes secrets out of a text that somebody pasted, before anything else reads it."""

from __future__ import annotations

import re
from typing import Final

_HIDDEN: Final = "[hidden]"

_NAMED: Final = re.compile(
    r"(?<![\w.:/-])(?P<name>(?!Expired|Invalid|Missing|Unrecognized)[\w.-]{0,40}(?:passwo?r?d|"
    r"passwd|secret(?:[_-]?(?:access[_-]?)?key)?|token|api[_-]?key"
    r"|access[_-]?key(?:[_-]?id)?|private[_-]?key|credential|signature|authorization|cookie"
    r"|passphrase|connection[_-]?string)s?)"
    r"(?P<gap>[\"']?[ \t]{0,4}(?:=>|:=|[=:])[ \t]{0,4}(?:Bearer |Basic |Token )?)"
    r"(?P<value>\"[^\"\n]{1,4096}\"?|'[^'\n]{1,4096}'?|[^\s\"',;&<>)}\]]{1,4096})",
    re.IGNORECASE,
)
"""A value next to a name that says it is secret; the names of AWS's own fields are left alone."""

_HARMLESS: Final = re.compile(
    r"[\"']?(?:arn:|https?://|null|none|true|false|undefined|\[hidden|\*+|AccessDenied"
    r"|service call|unable|failed|is not|was not|User:|An error|access denied)",
    re.IGNORECASE,
)
"""How a value begins that is none: an error that follows a word, or a name of a resource."""

_SHAPES: Final = re.compile(
    r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,28}"
    # the names of access keys: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    r"|\bgh[pousr]_[A-Za-z0-9]{20,255}|\bgithub_pat_\w{20,255}|\bglpat-[\w-]{15,255}"
    r"|\bxox[abeprs]-[\w-]{10,255}|\bsk_(?:live|test)_\w{10,255}|\bsk-[A-Za-z0-9_-]{20,255}"
    r"|\bnpm_[A-Za-z0-9]{20,255}|\bAIza[\w-]{30,60}|\bpypi-[\w-]{20,255}"
    r"|\beyJ[\w-]{8,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?"
    r"|\b(?:FwoGZXIvYXdzE|IQoJb3JpZ2luX2Vj|FQoGZXIvYXdzE|FQoDYXdzE)[\w/+=-]{10,8192}"
    r"|(?<=://)[^\s/@:\"']{1,255}:[^\s/@\"']{1,1024}(?=@)"
    r"|\b(?:Bearer|Basic) [\w.~+/=-]{8,4096}"
)
"""What is a secret by its looks: keys, tokens, user and password of an address."""

_SIGNED: Final = re.compile(
    r"([?&](?:amp;)?(?:X-Amz-(?:Signature|Credential|Security-Token)|Signature|AWSAccessKeyId"
    r"|sig|token|code|key)=)[^&\s\"'<>]{1,8192}",
    re.IGNORECASE,
)
_HEADER: Final = re.compile(
    r"\b((?:set-)?cookie|(?:proxy-)?authorization|"
    r"x-amz-security-token)([\"']?:(?! ?[\"']?\[hidden) ?[\"']?)"
    r"[^\n\"']{1,8192}",
    re.IGNORECASE,
)
_PRIVATE_KEY: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[^-]{0,20000}(?:-----END [A-Z ]{0,40}-----)?"
)
_BARE_KEY: Final = re.compile(
    r"(?<![\w/+=.:-])(?=[A-Za-z0-9/+]{0,39}[A-Z])(?=[A-Za-z0-9/+]{0,39}[a-z])"
    r"(?=[A-Za-z0-9/+]{0,39}[0-9])[A-Za-z0-9/+]{40}(?![\w/+=.-])"
)
"""Forty characters of Base64 by themselves: what a secret access key looks like."""

_SECRET_NAME: Final = re.compile(
    r"passwo?r?d|passwd|secret(?!.?arn|.?id|.?name|.?version)|token(?!.?type)|api.?key"
    r"|access.?key|private.?key|credential|authorization$|cookie|passphrase|signature$",
    re.IGNORECASE,
)


def redacted(text: str) -> str:
    """The text without secrets; what is hidden once stays so when this is done again."""
    if "PRIVATE KEY" in text:
        text = _PRIVATE_KEY.sub(_HIDDEN, text)
    return _BARE_KEY.sub(_HIDDEN, "\n".join(map(_line_without, text.split("\n"))))


_HINTS: Final = (
    *("passw", "passphrase", "secret", "token", "key", "cred", "signature", "authorization"),
    *("cookie", "connection", "akia", "asia", "abia", "acca", "ghp_", "gho_", "ghu_", "ghs_"),
    *("ghr_", "github_pat_", "glpat-", "xox", "sk_", "sk-", "npm_", "aiza", "pypi-", "eyj"),
    *("fwogz", "iqojb", "fqogz", "fqody", "://", "bearer ", "basic ", "sig=", "code="),
)
"""Without any of these a line has nothing that the patterns hide: most lines of a log."""


def _line_without(text: str) -> str:
    lower = text.lower()
    if not any(hint in lower for hint in _HINTS):
        return text
    text = _SIGNED.sub(rf"\1{_HIDDEN}", text)
    text = _HEADER.sub(rf"\1\2{_HIDDEN}", text)
    text = _SHAPES.sub(_HIDDEN, text)
    return _NAMED.sub(_without_value, text)


def is_secret_name(name: str) -> bool:
    """Whether what a map holds under a name is not to be shown, nor looked at."""
    return len(name) < 80 and _SECRET_NAME.search(name) is not None


def _without_value(found: re.Match[str]) -> str:
    value = found["value"]
    if _HARMLESS.match(value):
        return found[0]
    quote = value[0] if value[0] in "\"'" else ""
    closing = quote if quote and len(value) > 1 and value.endswith(quote) else ""
    return f"{found['name']}{found['gap']}{quote}{_HIDDEN}{closing}"
