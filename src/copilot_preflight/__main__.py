"""Where the command starts: ``copilot-preflight``, or ``python -m copilot_preflight``."""

import gc
import sys


def main() -> None:
    """Runs the command line."""
    # Next to nothing that a short run makes is garbage before its end: looking for it now and then
    # would take a tenth of the time, most of it while modules load.
    gc.set_threshold(100_000, 50, 50)
    try:
        from copilot_preflight.cli.main import main as run

        run()
    except KeyboardInterrupt:  # while modules load, or in the last moments
        sys.exit(130)


if __name__ == "__main__":
    main()
