"""Answers that are larger than any template: all roles and policies of an account in one file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from copilot_preflight.read.document import MAX_SIZE, Document, DocumentError

LARGEST: Final = 100_000_000
"""Bytes: more takes more memory than most machines that build things have."""


def is_large(path: Path) -> bool:
    """Whether a file is too large to be read as a template is."""
    try:
        return path.stat().st_size > MAX_SIZE
    except OSError:
        return False


def read_large(path: Path, file: str) -> Document:
    """The document in a large file of JSON. Raises DocumentError."""
    try:
        size = path.stat().st_size
        if size > LARGEST:
            message = f"file has {size / 1e6:.0f} MB: leave out what no template needs"
            raise DocumentError(file, 0, 0, message)
        text = path.read_text(encoding="utf-8-sig")
        return Document(file, text, json.loads(text))
    except OSError as error:
        raise DocumentError(file, 0, 0, f"cannot read: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise DocumentError(file, error.lineno, error.colno, f"no JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise DocumentError(file, 0, 0, "no JSON in UTF-8") from None
