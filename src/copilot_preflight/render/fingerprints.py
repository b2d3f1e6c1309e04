"""What makes a finding the same finding in the next run, though the lines around it have moved."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from hashlib import sha256

from copilot_preflight.base.finding import Finding
from copilot_preflight.read.jsonpath import spell

# The hash of a file's content changes with every edit, and the finding stays.
_PASSING = re.compile(r"[0-9a-f]{40,}|[0-9a-f]+…|…[0-9a-f]+|\bline \d+")


def fingerprints(findings: Iterable[Finding], seen: Callable[[str], str]) -> list[str]:
    """One for each of the findings of a run, all different; 64 hexadecimal digits.

    They depend on rule, file (as ``seen`` spells it), path, cause and call. The message counts only
    where there is no cause: a better wording does not make another finding.
    """
    counts: Counter[str] = Counter()
    digests = []
    for finding in findings:
        key = _key(finding, seen(finding.at.file))
        text = f"{key}\0{counts[key]}"  # the first, the second ... of those that look the same
        counts[key] += 1
        digests.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return digests


def _key(finding: Finding, file: str) -> str:
    call = finding.call
    asked = (call.principal, call.action, call.resource) if call else ()
    parts = (spell(finding.at.path), finding.cause or finding.message, *asked)
    return "\0".join((finding.rule, file, *(_PASSING.sub("#", part) for part in parts)))
