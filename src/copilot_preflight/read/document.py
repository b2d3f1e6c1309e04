"""A template, manifest or parameter file as plain data that remembers where everything stands.

YAML 1.1 as CloudFormation reads it, and JSON through the same parser. Reading costs no positions:
``Document.span`` looks for the few paths that a report shows.
"""

from __future__ import annotations

import codecs
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from operator import sub
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from copilot_preflight.base.finding import DataPath, Position, Source, Span
from copilot_preflight.base.records import NamedTuple
from copilot_preflight.read.opening import begun, without_waiting
from copilot_preflight.read.yaml.block_style import block_data, parts_read
from copilot_preflight.read.yaml.faults import (
    EMPTY,
    ONLY_COMMENTS,
    Fault,
    NotPlain,
    begins_with_bracket,
)

if TYPE_CHECKING:
    from copilot_preflight.read.layout import Comment, Layout

MAX_SIZE = 10_000_000
"""Bytes. CloudFormation takes a template of at most 1 MB (AWS CloudFormation quotas)."""


class DocumentError(Exception):
    """An input that cannot be read. ``line`` and ``column`` are 1-based, 0 where unknown."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.file = file
        self.line = line
        self.column = column
        self.message = message

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in the file, which some files may be."""
        return self.message in (EMPTY, ONLY_COMMENTS)

    def __reduce__(self) -> tuple[type[DocumentError], tuple[str, int, int, str]]:
        return DocumentError, (self.file, self.line, self.column, self.message)


class Document:
    """A file's text and data; ``file`` is its name as shown to the user.

    ``data`` is plain: dict, list, str, int, float, bool, None. Short tags are spelt long
    (``!Ref x`` is ``{"Ref": "x"}``, ``!If [...]`` is ``{"Fn::If": [...]}``), keys are strings as
    written, and an anchor's value is the same object wherever an alias repeats it: do not change
    it in place.

    A run over thousands of files has use for few of them at a time: `put_down` keeps a document
    packed, in a twentieth of the memory, until somebody asks for its text or data again.
    """

    is_answer = False
    """Whether AWS has written it, and nobody can change it by changing the file."""

    def __init__(
        self, file: str, text: str, data: Any, *, is_block: bool = False, is_shared: bool = False
    ) -> None:
        self.file = file
        self._is_block = is_block  # whether `block_data` gives the data
        self._is_shared = is_shared  # whether it does so in little time, from parts of other texts
        self._text: str | None = text
        self._data: Any = data
        self._layout: Layout | None = None
        self._spans: dict[tuple[DataPath, bool], Span] = {}
        self._packed: _Packed | None = None
        self._is_recent = False

    @property
    def text(self) -> str:
        if self._text is None:
            assert self._packed is not None
            self._text = _unpacked_text(self._packed)
            self._is_in_use()
        return self._text

    @property
    def data(self) -> Any:
        if self._data is _ELSEWHERE:
            assert self._packed is not None
            shared = self._is_shared
            self._data = block_data(self.text) if shared else _unpacked_data(self._packed)
            self._is_in_use()
        return self._data

    def mentions(self, word: str) -> bool:
        """Whether one of `WATCHED` stands in the text, for which nothing is unpacked."""
        return word in (self.text if self._packed is None else self._packed.words)

    def lacks(self, words: Iterable[str]) -> bool:
        """Whether there is certainly none of some of `WATCHED`, spelt with escapes or without."""
        return self._is_block and not any(map(self.mentions, words))

    # --- positions ---------------------------------------------------------------------------

    def span(self, path: DataPath, *, key: bool = False) -> Span:
        """Where the node at a path stands, or its nearest ancestor where there is no such node.

        ``key`` asks for the key of the path's last element instead; an item of a list, which has
        none, stands for itself. The key of a short tag is the tag. What an alias repeats stands at
        the alias, and everything below it at the anchor. A path from `path_of` is a comment's.
        """
        found = self._spans.get((path, key))
        if found is None:
            found = self._spans[path, key] = self._span(path, key=key)
        return found

    def _span(self, path: DataPath, *, key: bool) -> Span:
        is_node = bool(path) and not str(path[-1]).startswith("#")
        if is_node and self._layout is None and len(self._spans) < _FEW_SPANS:
            from copilot_preflight.read.lookup import span_of

            found = span_of(self.text, self.data, path, key=key)
            if found is not None:
                return found
        return self._positions.span(path, key=key)

    def work_out_positions(self) -> None:
        """Has all positions ready, for whoever asks for more than a few of them."""
        self._positions  # noqa: B018

    def note_span(self, path: DataPath, span: Span, *, key: bool) -> None:
        """Takes over what another process has found out, so that it need not be worked out here."""
        self._spans[path, key] = span

    def path_at(self, position: Position) -> DataPath:
        """The path of the innermost node around a character; its key and its tag are part of it.

        The path of the root where there is none, and what an alias repeats has no paths.
        """
        return self._positions.path_at(position)

    def fault(self, path: DataPath, message: str) -> DocumentError:
        """What is wrong with the node at a path."""
        start = self.span(path).start
        return DocumentError(self.file, start.line, start.column, message)

    @property
    def comments(self) -> Sequence[Comment]:
        """Every comment, in order; never text inside a scalar."""
        return self._positions.comments

    def line_of(self, comment: Comment) -> int:
        """The line that a comment speaks of: its own, or the next one if it stands alone on it.

        Between the two there may be other comments, and no blank line; 0 where there is no line.
        """
        return self._positions.line_of(comment)

    def path_of(self, comment: Comment) -> DataPath:
        """A path for a comment, which has none: its text, below the node of which it speaks."""
        return self._positions.path_of(comment)

    @property
    def _positions(self) -> Layout:
        if self._layout is None:
            self._keep(_layout_of(self.text)[0])
        assert self._layout is not None
        return self._layout

    def _keep(self, layout: Layout) -> None:
        self._layout = layout
        self._is_in_use()

    # --- memory ------------------------------------------------------------------------------

    def put_down(self) -> None:
        """Keeps the document packed."""
        if self._packed is None:
            self._packed = self._pack()
        self._text = self._layout = None
        self._data = _ELSEWHERE

    @property
    def is_packed(self) -> bool:
        return self._data is _ELSEWHERE

    def _is_in_use(self) -> None:
        if not self._is_recent:
            self._is_recent = True
            _recent.append(self)
            if len(_recent) > _MOST_RECENT:
                _recent.popleft()._rest()

    def _rest(self) -> None:
        """Forgets what can be worked out again."""
        self._is_recent = False
        self._layout = None
        if self._packed is not None:
            self._text, self._data = None, _ELSEWHERE

    def _pack(self) -> _Packed:
        import marshal  # here: only a large run puts documents down
        import zlib

        words = frozenset(word for word in WATCHED if word in self.text)
        text = zlib.compress(self.text.encode("utf-8", "surrogatepass"), 1)
        data = b"" if self._is_shared else zlib.compress(marshal.dumps(self._data), 1)
        return _Packed(text, data, words, self._is_block)

    def __getstate__(self) -> tuple[str, _Packed]:
        return self.file, self._packed or self._pack()

    def __setstate__(self, state: tuple[str, _Packed]) -> None:
        self.file, self._packed = state
        self._is_block = self._packed.is_block
        self._is_shared = not self._packed.data
        self._text = self._layout = None
        self._data = _ELSEWHERE
        self._spans = {}
        self._is_recent = False


class AnswerDocument(Document):
    """An answer of AWS: it shows what there is in an account."""

    is_answer = True

    def _span(self, path: DataPath, *, key: bool) -> Span:
        if self.text.lstrip()[:1] in ("{", "["):
            from copilot_preflight.read.json_places import json_span

            if (found := json_span(self.text, path, key=key)) is not None:
                return found
        return super()._span(path, key=key)


_FEW_SPANS: Final = 48
"""Spans of a document that are looked for one by one: with more of them, all are worked out."""

_MOST_RECENT: Final = 64
"""Documents whose positions are known, or that were unpacked again; the last ones asked."""

_recent: Final[deque[Document]] = deque()

_ELSEWHERE: Final = object()
"""Stands for data that are packed: those of a document may be None."""

WATCHED: Final = (
    "NoEcho",
    "preflight:",
    "ignore_checks",
    "noqa",
    "NOQA",
    "cfn-lint",
    "EnableExecuteCommand",
    "BucketEncryption",
)
"""Words that say whether a file has secrets, suppressions, or what other templates ask for: most
have none of it, and need not be unpacked for that."""


class _Packed(NamedTuple):
    """``data`` is empty where the text itself is read as quickly."""

    text: bytes
    data: bytes
    words: frozenset[str]
    is_block: bool


def _unpacked_text(packed: _Packed) -> str:
    import zlib

    return zlib.decompress(packed.text).decode("utf-8", "surrogatepass")


def _unpacked_data(packed: _Packed) -> Any:
    import marshal
    import zlib

    return marshal.loads(zlib.decompress(packed.data))


def data_of(sources: Mapping[str, Source], file: str) -> Any:
    """The data of a document of a run that can be changed, None where it has none of that name."""
    source = sources.get(file)
    return source.data if isinstance(source, Document) and not source.is_answer else None


Read = Callable[[Path, str], Document]
"""Reads the file at a path, under its name for the user. Raises DocumentError."""


def read(path: os.PathLike[str] | str, file: str | None = None) -> Document:
    """The document in a file. ``file`` is its name for the user, the path unless told.

    Raises DocumentError, also for what the file system refuses.
    """
    name = os.fspath(path) if file is None else file
    try:
        with open(path, "rb", opener=without_waiting) as stream:
            size = os.fstat(stream.fileno()).st_size  # 0 for a pipe: hence one byte too many below
            first = begun(stream.fileno(), MAX_SIZE)
            content = first + stream.read(MAX_SIZE + 1) if size <= MAX_SIZE else b""
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise DocumentError(name, 0, 0, f"cannot read: {reason[:1].lower()}{reason[1:]}") from None
    if size > MAX_SIZE:
        raise _too_large(name, size)
    return parse(content, name)


def parse(text: str | bytes, file: str, *, is_shown: bool = False) -> Document:
    """The document in a text; bytes are UTF-8, or UTF-16 with a byte order mark.

    ``is_shown``: positions will be asked for, so they are worked out at once. Raises DocumentError.
    """
    if len(text) > MAX_SIZE:
        raise _too_large(file, len(text))
    if isinstance(text, bytes):
        text = _decoded(text, file)
    text = text.lstrip("\ufeff")  # libyaml passes over a second one, and its marks too
    if not is_shown:
        before = parts_read()
        for reads in _readers(text):
            with suppress(NotPlain):
                data = reads(text)
                if reads is not block_data:
                    return Document(file, text, data)
                known, new = map(sub, parts_read(), before)
                return Document(file, text, data, is_block=True, is_shared=known > 3 * new)
    try:
        layout, data = _layout_of(text)
    except Fault as fault:
        line, column = _line_and_column(text, fault.at)
        raise DocumentError(file, line, column, str(fault)) from None
    document = Document(file, text, data)
    document._keep(layout)
    return document


def _readers(text: str) -> Iterator[Callable[[str], Any]]:
    """What may give the data of a text without positions, the quickest first."""
    if begins_with_bracket(text):
        from copilot_preflight.read.yaml.json_data import json_data

        yield json_data
        return
    yield block_data
    from copilot_preflight.read.yaml.plain import plain_data  # here: PyYAML comes with it

    yield plain_data


def _layout_of(text: str) -> tuple[Layout, Any]:
    """Where everything of a text stands, and its data. Raises Fault."""
    from copilot_preflight.read.layout import Layout  # here: with them comes the YAML library
    from copilot_preflight.read.yaml.tree import build

    tree = build(text)
    return Layout(text, tree), tree.data


def _line_and_column(text: str, at: int) -> tuple[int, int]:
    from copilot_preflight.read.layout import line_starts, position

    line, column = position(line_starts(text), at)
    return line, column


def _decoded(content: bytes, file: str) -> str:
    # PowerShell 5 writes UTF-16 for `copilot svc package > stack.yml`.
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8")
    except UnicodeDecodeError as error:
        if wide:
            raise DocumentError(file, 0, 0, "file is broken UTF-16: save it as UTF-8") from None
        before = content[: error.start].decode().removeprefix("\ufeff")
        line, column = _line_and_column(before, len(before))
        message = f"byte 0x{content[error.start]:02x} is not UTF-8: save the file as UTF-8"
        raise DocumentError(file, line, column, message) from None


def _too_large(file: str, size: int) -> DocumentError:
    message = f"file has {size / 1e6:.0f} MB: CloudFormation takes a template of at most 1 MB"
    return DocumentError(file, 0, 0, message)


def kind_of(data: Any) -> str:
    """What a value is, in the words of an error message."""
    if isinstance(data, dict):
        return "a map"
    if isinstance(data, list):
        return "a list"
    return (
        "nothing" if data is None else "a string" if isinstance(data, str) else f"{data!r}".lower()
    )
