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
    except SystemExit as end:
        _end_at_once(end.code)
        raise


def _end_at_once(status: object) -> None:
    """Ends the process as it stands, where nobody could tell the difference.

    Python would take everything apart first, which takes longer than loading the template did.
    Threads, profilers and whatever is registered for the end of the process get that end.
    """
    import atexit
    import os

    is_watched = sys.getprofile() or sys.gettrace() or "_lsprof" in sys.modules
    if not isinstance(status, int) or "threading" in sys.modules or is_watched:
        return
    if getattr(atexit, "_ncallbacks", lambda: 1)() or sys.flags.inspect or sys.flags.dev_mode:
        return
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except (OSError, ValueError):
        return
    os._exit(status)


if __name__ == "__main__":
    main()
