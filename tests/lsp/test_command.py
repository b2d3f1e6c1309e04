"""``copilot-preflight lsp``, before there is a client."""

from __future__ import annotations

import subprocess
import sys

WITHOUT = (
    "import sys; sys.modules['pygls'] = None; from copilot_preflight.cli.main import main; main()"
)


def test_a_missing_extra_is_named() -> None:
    """One clear line, and the status of a run that failed."""
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "lsp"], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: the language server needs pygls: install copilot-preflight with its extra 'lsp' "
        "(https://github.com/copilot-preflight/copilot-preflight/blob/main/docs/editors.md)\n"
    )


def test_a_configuration_is_named_or_left_out() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "copilot_preflight", "lsp", "--config", "x.yml", "--no-config"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "--config and --no-config exclude each other" in done.stderr
