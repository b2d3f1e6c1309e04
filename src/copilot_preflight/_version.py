"""What this tool is called, and which version of it this is.

A constant, since asking for the metadata of the installed package takes 15 ms; ``pyproject.toml``
reads it from here.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "copilot-preflight"
HOME: Final = "https://github.com/copilot-preflight/copilot-preflight"
__version__: Final = "0.1.0"
