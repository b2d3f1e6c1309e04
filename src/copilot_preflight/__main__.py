"""Where the command starts: ``copilot-preflight``, or ``python -m copilot_preflight``."""

import gc


def main() -> None:
    """Runs the command line."""
    # A run is short and leaves few circles behind: to look for them takes longer than it frees.
    gc.disable()
    from copilot_preflight.cli import main as run

    run()


if __name__ == "__main__":
    main()
