"""What names a release: files and folders, ``REV:PATH`` of the git repository, answers of AWS."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from copilot_preflight.read import document
from copilot_preflight.read.document import Document, DocumentError

if TYPE_CHECKING:
    from copilot_preflight.inputs.deployed_stacks import DeployedStack


class Release(NamedTuple):
    """The paths of a release, and how its files are read: under the names that the user knows.

    ``folder`` is where they lie for the time being, ``shown`` what stands for it in messages.
    """

    paths: tuple[str, ...]
    read: document.Read
    folder: str = ""
    shown: str = ""

    def told(self, message: str) -> str:
        """A message in which no folder is named that is gone when it is read."""
        if not self.folder:
            return message
        return message.replace(f"{self.folder}{os.sep}", self.shown).replace(
            self.folder, self.shown.rstrip("/:") or os.curdir
        )


@contextmanager
def opened(name: str, read: document.Read = document.read) -> Iterator[Release]:
    """A release by its name; its files may be gone afterwards.

    Raises RevisionError, and DocumentError for answers of AWS that make no release.
    """
    if os.path.lexists(name) or ":" not in name:
        if os.path.isdir(name):
            from copilot_preflight.inputs import cli_answers
            from copilot_preflight.inputs.deployed_stacks import deployed_in, is_of_no_stack

            if stacks := deployed_in(name):
                with _written_out(name, stacks, read) as release:
                    yield release
                return
            if answers := cli_answers.found_in(name):
                with _put_together(name, answers, read) as release:
                    yield release
                return
            if is_of_no_stack(name):
                message = "this snapshot has no stack: take one with 'snapshot --stack NAME'"
                raise DocumentError(name, 0, 0, message)
        yield Release((name,), read)
        return
    revision, _, path = name.partition(":")
    with at_revision(revision, [path], f"{revision}:", read) as release:
        yield release


@contextmanager
def at_revision(
    revision: str, paths: Sequence[str], shown: str, read: document.Read = document.read
) -> Iterator[Release]:
    """Paths as they stand in a revision. Raises RevisionError.

    ``shown`` is what stands in a file's name where its path in the repository begins.
    """
    from copilot_preflight.inputs.git_revisions import extract

    with tempfile.TemporaryDirectory(prefix="copilot-preflight-") as folder:
        found = [str(extract(revision, path, Path(folder))) for path in paths]

        def renamed(path: Path, name: str) -> Document:
            return read(path, name.replace(f"{folder}{os.sep}", shown).replace(folder, shown))

        yield Release(tuple(found), renamed, folder, shown)


@contextmanager
def _written_out(name: str, stacks: list[DeployedStack], read: document.Read) -> Iterator[Release]:
    from copilot_preflight.inputs.deployed_stacks import written

    with _shown_as(name, read) as (folder, renamed):
        yield Release(tuple(written(stacks, folder)), renamed, folder, f"{name}/")


@contextmanager
def _put_together(name: str, answers: Sequence[Path], read: document.Read) -> Iterator[Release]:
    from copilot_preflight.inputs import cli_answers

    with _shown_as(name, read) as (folder, renamed):
        target = os.path.join(folder, "answers.template.json")
        Path(target).write_text(cli_answers.template_of(answers), encoding="utf-8")
        yield Release((target,), renamed, folder, f"{name}/")


@contextmanager
def _shown_as(name: str, read: document.Read) -> Iterator[tuple[str, document.Read]]:
    """A folder for a while, and what reads its files under the name of another one."""
    with tempfile.TemporaryDirectory(prefix="copilot-preflight-") as folder:

        def renamed(path: Path, shown: str) -> Document:
            return read(path, shown.replace(folder, name))

        yield folder, renamed
