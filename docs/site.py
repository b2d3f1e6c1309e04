"""The documentation as a site: MkDocs' hooks, which need nothing of MkDocs to be imported.

The pages link to each other as they lie in the checkout, where GitHub shows them. The site has the
same tree, so that those links hold there too; what is no page of it is linked to on GitHub, at the
tag of the version that the pages are of.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
REVISION: Final = os.environ.get("DOCS_REVISION", "main")
"""The revision of the files that the pages link to: ``v1.2.3`` for a release."""

_LINK: Final = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^()\s#]+)(?=[#)])")
_NAMED_FENCE: Final = re.compile(r"(?m)^(```[a-z]+) ([^\s`]+)$")


def pages() -> Iterator[tuple[str, str]]:
    """The pages, as they lie in the checkout, each with its place on the site."""
    yield "README.md", "index.html"
    for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"):
        yield f"{name}.md", f"{name.lower()}/index.html"
    for path in sorted(ROOT.glob("docs/*.md")):
        yield f"docs/{path.name}", f"{_named(path, 'docs')}/index.html"
    for path in sorted(ROOT.glob("rules/copilot_preflight_rules/*.md")):
        name = path.stem.replace("_", "-")
        yield f"rules/copilot_preflight_rules/{path.name}", f"rules/{name}/index.html"
    for path in sorted(ROOT.glob("docs/*.svg")):
        yield f"docs/{path.name}", path.name


def _named(path: Path, folder: str) -> str:
    return folder if path.stem == "README" else path.stem


def on_files(files: Any, config: Any) -> Any:
    """Our pages, next to what belongs to the theme."""
    from mkdocs.structure.files import File, Files

    of_theme = [it for it in files if it.src_dir != config.docs_dir]
    ours = [File(at, str(ROOT), config.site_dir, True, dest_uri=to) for at, to in pages()]
    return Files([*ours, *of_theme])


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Links to the checkout lead to GitHub; a block that is a file has its name above it."""
    return for_site(markdown, page.file.src_uri, config.repo_url, files.src_uris)


def for_site(markdown: str, path: str, home: str, known: Container[str]) -> str:
    """The text of the page at a path of the checkout, as MkDocs takes it.

    ``known`` are the paths of all pages and pictures, ``home`` is the address of the repository.
    """

    def link(found: re.Match[str]) -> str:
        to = posixpath.normpath(posixpath.join(posixpath.dirname(path), found[1]))
        there = ROOT / to
        if to in known or not there.exists():  # a broken link is for MkDocs to find
            return found[1]
        return f"{home}/{'tree' if there.is_dir() else 'blob'}/{REVISION}/{to}"

    return _LINK.sub(link, _NAMED_FENCE.sub(r'\1 title="\2"', markdown))
