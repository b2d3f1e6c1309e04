"""A process that has loaded cfn-lint, and runs it in a copy of itself for each request.

``python -S cfn_lint_server.py``, with nothing on the path but cfn-lint. Each line of standard input
is a request in JSON: ``arguments``, ``folder``, ``environment``, ``path`` (folders that come first
in ``sys.path``) and ``files`` (standard input, output and error). Each line of standard output is
the exit status. Loading cfn-lint takes longer than most runs of it.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
import traceback
from typing import Any

from cfnlint.runner import main


def serve() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            _become(request)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(request: Any) -> None:
    """Runs cfn-lint as a process of its own would, and ends."""
    for number, name in enumerate(request["files"]):
        opened = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path[:0] = request["path"]
    sys.argv[1:] = request["arguments"]
    atexit.register(_tell_where)
    status: Any = 0
    try:
        main()
    except SystemExit as left:
        status = left.code
    except BaseException:
        traceback.print_exc()
        status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status if isinstance(status, int) else int(status is not None))


def _tell_where() -> None:
    ours = sys.modules.get("copilot_preflight")
    print(getattr(ours, "__file__", None), file=sys.stderr)


if __name__ == "__main__":
    serve()
