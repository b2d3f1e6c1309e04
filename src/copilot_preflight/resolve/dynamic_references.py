"""Dynamic references, ``{{resolve:ssm:name}}`` and its like: values that AWS reads on deploy."""

from __future__ import annotations

from copilot_preflight.base.symbolic import Hole, Text


def with_dynamic_references(text: Text, file: str) -> Text:
    """``{{resolve:...}}`` becomes a hole, also where functions have put it together.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
    """
    for part in text.parts:
        if isinstance(part, str) and "{{resolve:" in part:
            return _with_holes(text, file)
    return text


def _with_holes(text: Text, file: str) -> Text:
    done: list[str | Hole] = []
    reference: list[str | Hole] = []  # what is read of a reference, empty outside of one
    for part in text.parts:
        rest = part
        while isinstance(rest, str) and rest:
            if not reference:
                literal, begin, rest = rest.partition("{{resolve:")
                done.append(literal)
                reference = [begin] if begin else []
            else:
                inside, end, rest = rest.partition("}}")
                reference.append(inside + end)
                if end:
                    spelled = Text.of(*reference)
                    done.append(Hole(str(spelled), f"{file}:{spelled.identity}"))
                    reference = []
        if isinstance(part, Hole):
            (reference or done).append(part)
    return Text.of(*done, *reference)
