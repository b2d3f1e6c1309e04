"""Files that are read in worker processes before the run asks for them.

Parsing takes a third of the time of a run, so it is shared out as the judging is. A worker reads a
template and what belongs to it, and sends both packed, as they are kept in a large run anyway.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from copilot_preflight.inputs.discovery import looks_like_template
from copilot_preflight.inputs.package import Gathered, Loader
from copilot_preflight.inputs.parameter_files import ParameterValue
from copilot_preflight.inputs.template_shape import faults, is_template
from copilot_preflight.read.document import Document, DocumentError, Read
from copilot_preflight.run.workers import in_order


class _File(NamedTuple):
    """What a worker finds in a file; nothing in one that is no template."""

    template: Document | DocumentError | None = None
    gathered: Gathered | None = None


class ReadAhead:
    """Gives what workers have read, in the order in which `Discovery` asks for it."""

    def __init__(
        self, paths: Sequence[Path], values: Mapping[str, ParameterValue], read: Read, jobs: int
    ) -> None:
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._read = read
        self._results = in_order(_Work(paths, values, read), len(paths), jobs)
        self._done = 0
        self._templates: dict[Path, Document | DocumentError] = {}
        self._gathered: dict[Document, Gathered] = {}

    def read(self, path: Path, file: str) -> Document:
        """The template in a file, as `document.read` gives it."""
        number = self._numbers.get(path, -1)
        while self._done <= number:
            found = next(self._results)
            self._done += 1
            # Not by its number alone: the run may never ask for this one.
            if found.template is not None:
                self._templates[_path_of(found.template)] = found.template
                if found.gathered is not None and isinstance(found.template, Document):
                    self._gathered[found.template] = found.gathered
        template = self._templates.pop(path, None)
        if template is None:
            return self._read(path, file)
        if isinstance(template, DocumentError):
            raise template
        return template

    def gathered(self, template: Document) -> Gathered | None:
        """What belongs to a template that was read here."""
        return self._gathered.pop(template, None)

    def close(self) -> None:
        self._results.close()


def _path_of(found: Document | DocumentError) -> Path:
    return Path(found.file)


class _Work:
    """What a process does, given the number of a file."""

    def __init__(
        self, paths: Sequence[Path], values: Mapping[str, ParameterValue], read: Read
    ) -> None:
        self.paths = paths
        self.values = values
        self.read = read

    def __call__(self, number: int) -> _File:
        path = self.paths[number]
        try:
            if not looks_like_template(path):
                return _File()
            template = self.read(path, str(path))
        except DocumentError as fault:
            return _File(fault)
        if not is_template(template.data):
            return _File()
        gathered = None
        if not any(faults(template)):
            gathered = Loader(self.read).gather(template, path, self.values)
            for document in gathered.documents.values():
                if document is not None:
                    document.put_down()
        template.put_down()
        return _File(template, gathered)
