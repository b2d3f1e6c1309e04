"""One module for each command."""

COMMANDS = (
    "cache",
    "check",
    "compare",
    "completion",
    "config",
    "explain",
    "fix",
    "init",
    "lsp",
    "merge",
    "report",
    "rules",
    "simulate",
    "snapshot",
    "triage",
    "watch",
)
"""Their names: each is a function of its name in a module of its name."""
