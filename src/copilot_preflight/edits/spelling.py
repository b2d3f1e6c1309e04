"""Strings as a template writes them: bare, or with the function that fills them in.

Whatever is granted is known as a string with ``${holes}``, as `symbolic.Text` prints it. Some holes
CloudFormation can fill (``${AWS::Partition}``, ``${Bucket.Arn}``), others become a wildcard (what
AWS makes up for each task, a secret's suffix), and the rest is left for somebody to fill in.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from copilot_preflight.base.patterns import lazy_pattern
from copilot_preflight.base.records import NamedTuple

Plain: TypeAlias = "str | int | list[Plain] | dict[str, Plain]"
"""Data as the loader gives it: functions are spelt long, ``{"Fn::Sub": "…"}``."""

_SECRET_OF_STACK: Final = lazy_pattern(
    r"arn:\S+:secretsmanager:\S+:secret:\$\{(\w+)\}-\$\{\1 suffix\}"
)
"""The ARN of a secret of the stack to which AWS gives the name: ``Ref`` returns it."""

_REVISION_OF_STACK: Final = lazy_pattern(
    r"arn:\S+:ecs:\S+:task-definition/\S+:\$\{(?!latest )(\w+) revision\}"
)
"""The ARN of a task definition of the stack: ``Ref`` returns it."""

_SUFFIX: Final = lazy_pattern(r"-\$\{(?:\w+ )?suffix\}|(\$\{suffix if any\})")
"""The end of a secret's ARN, which a policy can only name by its length."""

_EACH_TIME: Final = lazy_pattern(r"\$\{(?:task id|log stream|latest revision)\}")
"""What AWS makes up anew, or looks up, for every task."""

_PLACEHOLDER: Final = lazy_pattern(r"\$\{\w+ (bucket|key|repository)\}")
"""A name that AWS makes up for a resource, and no function of a template returns."""

_SLOT: Final = lazy_pattern(r"\$\{([^}]*)\}?|(<[^>]*>)")
_FILLED: Final = lazy_pattern(r"AWS::\w+|[A-Za-z0-9]+(?:\.[\w.]+)?|!.*")
"""What ``Fn::Sub`` can fill in, ``${!literally}`` included.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html
"""

_WORD: Final = lazy_pattern(r"[A-Za-z][A-Za-z0-9]*(?:(?:::|[./-])[A-Za-z0-9]+)*")
"""A name or a path that YAML takes for a string as it stands, in a list on one line too."""

_NO_WORDS: Final = frozenset({"yes", "no", "on", "off", "true", "false", "null", "y", "n"})
"""But for these, in any letter case."""

_NAME: Final = lazy_pattern(r"[A-Za-z0-9_.:]+")
_BARE: Final = lazy_pattern(r"[A-Za-z0-9<](?:[^\s:#]|:(?=\S)|(?<=\S)#|[ ](?![#\s]))*(?<![\s:])")
"""Text that YAML takes for a string as it stands: no ``: ``, no `` #``, no odd beginning."""


def one_line(text: str) -> str:
    r"""A text whose line breaks and control characters are spelt out, as in ``\x0a``."""
    return text if text.isprintable() else "".join(map(_spelt_out, text))


def quoted(text: str) -> str:
    """A string in YAML, on one line whatever it holds."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{one_line(escaped)}"'


def flow(value: Plain) -> str:
    """Data in YAML on one line, with short tags: ``!Join ['/', [!Ref Bucket, '*']]``."""
    if isinstance(value, str):
        is_word = _WORD.fullmatch(value) and value.lower() not in _NO_WORDS
        return value if is_word else quoted(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    function = next(iter(value)) if len(value) == 1 else ""
    if function == "Ref" or function.startswith("Fn::"):
        inner = value[function]
        if function == "Fn::GetAtt" and isinstance(inner, list):
            inner = ".".join(map(str, inner))
        return f"!{function.removeprefix('Fn::')} {flow(inner)}"
    return f"{{{', '.join(f'{flow(key)}: {flow(it)}' for key, it in value.items())}}}"


def _spelt_out(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )


class Spelling(NamedTuple):
    """A string, or the one function that gives it: ``Ref``, ``Fn::Sub`` or ``Fn::GetAtt``.

    ``text`` is the function's argument, that of ``Fn::GetAtt`` with its dot. Of a string that is
    ``open`` nothing is known that could be written: it says in words what belongs there.
    """

    text: str
    function: str = ""
    open: bool = False

    @property
    def yaml(self) -> str:
        """In YAML, where any value may stand."""
        if self.function in ("Ref", "Fn::GetAtt"):
            name = self.text if _NAME.fullmatch(self.text) else quoted(self.text)
            return f"!{self.function.removeprefix('Fn::')} {name}"
        if self.open:
            return one_line(self.text)
        return f"!Sub {quoted(self.text)}" if self.function else quoted(self.text)

    @property
    def item(self) -> str:
        """In YAML as an item of a list of ARNs, most of which need no quotes."""
        is_bare = not self.function and _BARE.fullmatch(self.text) and self.text.isprintable()
        return self.text if is_bare else self.yaml

    @property
    def plain(self) -> Plain:
        """As data: ``"text"``, ``{"Fn::Sub": "text"}``, ``{"Fn::GetAtt": ["Role", "Arn"]}``."""
        if self.function == "Fn::GetAtt":
            return {self.function: [*self.text.split(".", 1)]}
        return {self.function: self.text} if self.function else self.text

    @property
    def gaps(self) -> tuple[str, ...]:
        """What somebody has to fill in before it can be deployed: ``<bucket>``, ``${…}``.

        A hole counts as filled if it looks like a name of the template; that it is one, the
        template has to say.
        """
        if self.open:
            return (self.text,)
        if self.function in ("Ref", "Fn::GetAtt"):
            return ()
        return tuple(
            found[0]
            for found in _SLOT.finditer(self.text)
            if found[2] or not self.function or not _FILLED.fullmatch(found[1])
        )


EVERYBODY: Final = Spelling("*")
"""As a principal: everybody, with credentials or without."""


class Expression(NamedTuple):
    """A string that several functions give together.

    ``text`` is what it comes to, with ``${holes}``; ``value`` the functions, as data.
    """

    text: str
    value: Plain

    def __hash__(self) -> int:  # data have none
        return hash(self.text)

    @property
    def yaml(self) -> str:
        """In YAML on one line, where any value may stand."""
        return flow(self.value)

    @property
    def item(self) -> str:
        """In YAML as an item of a list."""
        return self.yaml

    @property
    def plain(self) -> Plain:
        return self.value

    @property
    def gaps(self) -> tuple[str, ...]:
        """Nothing is left to fill in."""
        return ()


Written: TypeAlias = "str | Expression"
"""A string with ``${holes}``, or the functions that a template writes for it."""


def spelled(written: Written) -> Spelling | Expression:
    """What can be written for a string, which may be known as functions already."""
    return spelling_of(written) if isinstance(written, str) else written


def spelling_of(text: str) -> Spelling:
    """How a template writes a string with holes: an ARN, or a part of one."""
    if (secret := _SECRET_OF_STACK.fullmatch(text)) is not None:
        return Spelling(secret[1], "Ref")
    if (task := _REVISION_OF_STACK.fullmatch(text)) is not None:
        return Spelling(task[1], "Ref")
    text = _PLACEHOLDER.sub(r"<\1>", text)
    text = _EACH_TIME.sub("*", text)
    text = _SUFFIX.sub(lambda found: "*" if found[1] else "-??????", text)
    return Spelling(text, "Fn::Sub" if "${" in text else "")
