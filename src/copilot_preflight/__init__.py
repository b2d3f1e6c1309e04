"""Proves, before a deploy, that ECS may make every AWS call that starting a task takes.

What this package exports is the public API; ``docs/api.md`` says how long it holds. Each name is
loaded when it is asked for, so that importing the package costs nothing.
"""

TYPE_CHECKING = False  # typing's own would have to be imported
if TYPE_CHECKING:
    from copilot_preflight._version import __version__
    from copilot_preflight.api import lint, render_report, simulate
    from copilot_preflight.base.finding import (
        CitedCall,
        Finding,
        InputError,
        Place,
        Position,
        Related,
        Report,
        Severity,
        Span,
    )

__all__ = [
    "CitedCall",
    "Finding",
    "InputError",
    "Place",
    "Position",
    "Related",
    "Report",
    "Severity",
    "Span",
    "__version__",
    "lint",
    "render_report",
    "simulate",
]

_MODULES = {
    "__version__": "_version",
    "lint": "api",
    "render_report": "api",
    "simulate": "api",
}
"""Where the names are that ``base.finding`` does not have."""


if not TYPE_CHECKING:  # a type checker would let any name pass

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        from importlib import import_module

        found = getattr(import_module(f"{__name__}.{_MODULES.get(name, 'base.finding')}"), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
