"""Files with secrets that are read as something else: no line of theirs is printed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
Write = Callable[..., Path]


@pytest.mark.parametrize(
    "text",
    [
        "# hunter2\nDB_PASSWORD=hunter2\nAWS_ACCESS_KEY_ID=hunter2\nhunter2\n",
        "DB_PASSWORD=hunter2: x\n",
        "DB_PASSWORD=hunter2: x\nDB_PASSWORD=hunter2: x\n",
        "DB PASSWORD hunter2: x\n",
        "DB_PASSWORD=hunter2: x\nOTHER=1\n",
    ],
)
def test_an_environment_file_is_no_configuration(
    write: Write, run: Run, templates: Any, text: str
) -> None:
    """What is wrong is told without what stands there."""
    write({"a.yml": templates.clean, "web.env": text})
    result = run("a.yml", "--config", "web.env")
    assert result.status == 2
    assert result.err.startswith("error: web.env:")
    assert "hunter2" not in result.err


def test_a_comment_on_the_line_of_a_credential_is_not_quoted(
    write: Write, run: Run, templates: Any
) -> None:
    """Whatever rule it names, and whether it counts or not."""
    comment = "# preflight: ignore[{}] {}"
    entry = "            - {{Name: A, Value: hunter2}}  {}\n"
    lines = [entry.format(comment.format(*it)) for it in [("E9711", "why"), ("E9711", "")]]
    task = f"          Environment:\n{''.join(lines)}"
    text = templates.denied.replace("  ExecutionRole:\n", f"{task}  ExecutionRole:\n", 1)
    write({"a.yml": text})
    result = run("a.yml")
    assert result.out.count("W9791") == 2
    assert "hunter2" not in result.out
