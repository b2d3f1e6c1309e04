"""How long a keystroke takes, from the editor's change to the diagnostics that answer it.

A client speaks to a server in a process of its own, over standard input and output, and types: one
change, then a pause until its answer is there. The aim: 60 ms on a stack of 1,000 lines, 150 ms on
one of 3,000, as the median over the kinds of edit. A burst, 100 changes 20 ms apart, shows whether
typing starves the answers or floods the editor. How much of it is reading YAML and how much is
judging is measured apart, in this process, as CPU time.

    python benchmarks/lsp.py [INTERPRETER ...]

measures the servers of other environments too, in turns with this one's.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from stacks.copilot import copilot_stack

from copilot_preflight.lsp import lenses
from copilot_preflight.lsp.workspace import Workspace
from copilot_preflight.read.document import parse
from copilot_preflight.run.check import Options

AIMS = {1_000: 60, 3_000: 150}
"""Lines of a stack, and the milliseconds that an edit of it may take."""

SHAPES = ((1_000, 4, 29), (3_000, 4, 196), (3_000, 20, 109))
"""Stacks: lines, about, with so many containers and tables. Each container has a condition."""

ROUNDS = 10
BURST = 100
BETWEEN = 0.02
"""Seconds between the changes of a burst."""


class Edit(NamedTuple):
    """A change of the text: ``old``, at its first place, becomes ``new``."""

    kind: str
    old: str
    new: str


def edits(number: int) -> Iterator[Edit]:
    """One edit of each kind, as nobody has typed it before; what they break is mended again."""
    grant = "                - Effect: 'Allow'\n                  Action:\n"
    yield Edit("comment", "Resources:\n", f"Resources: # {number}\n")
    yield Edit("", f"Resources: # {number}\n", "Resources:\n")
    bucket = "s3:::${AppName}-data-0/"
    yield Edit("value that matters", bucket, f"s3:::${{AppName}}-{number}-data-0/")
    yield Edit("", f"s3:::${{AppName}}-{number}-data-0/", bucket)
    yield Edit("value that does not", "PAY_PER_REQUEST", f"PAY_PER_{number}")
    yield Edit("", f"PAY_PER_{number}", "PAY_PER_REQUEST")
    statement = f"                - {{Effect: Allow, Action: 's3:Get*', Resource: '{number}'}}\n"
    yield Edit("new statement", grant, statement + grant)
    yield Edit("", statement, "")
    yield Edit("broken", "Conditions:\n", f"Conditions: [{number}\n")
    yield Edit("mended", f"Conditions: [{number}\n", "Conditions:\n")


class Client:
    """An editor with one open file, which lies in a folder of its own."""

    def __init__(self, interpreter: str, text: str) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._uri = Path(self._folder.name, "web-test.stack.yml").as_uri()
        self._server = subprocess.Popen(
            [interpreter, "-m", "copilot_preflight", "lsp", "--stdio"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._version = 0
        self._id = 0
        self.text = text
        workspace = {
            "codeLens": {"refreshSupport": True},
            "didChangeWatchedFiles": {"dynamicRegistration": True},
        }
        capabilities = {"workspace": workspace}
        self._ask("initialize", {"processId": None, "rootUri": None, "capabilities": capabilities})
        self._send("initialized", {})
        self._send("textDocument/didOpen", {"textDocument": self._item()})
        self.published(0)

    def _item(self) -> dict[str, Any]:
        return {"uri": self._uri, "languageId": "yaml", "version": 0, "text": self.text}

    def type(self, edit: Edit) -> int:
        """Sends an edit as the range that changes, and returns the version that the text has."""
        at = self.text.index(edit.old)
        end = at + len(edit.old)
        place = {"start": self._position(at), "end": self._position(end)}
        self.text = self.text[:at] + edit.new + self.text[end:]
        self._version += 1
        document = {"uri": self._uri, "version": self._version}
        change = {"textDocument": document, "contentChanges": [{"range": place, "text": edit.new}]}
        self._send("textDocument/didChange", change)
        return self._version

    def published(self, version: int) -> int:
        """Waits for the diagnostics of a version; how many others came before them."""
        others = 0
        while True:
            message = self._receive()
            if message.get("method") != "textDocument/publishDiagnostics":
                continue
            if message["params"].get("version") == version:
                return others
            others += 1

    def close(self) -> None:
        self._ask("shutdown", None)
        self._send("exit", None)
        self._server.communicate(timeout=10)
        self._folder.cleanup()

    @property
    def cpu(self) -> float:
        """Milliseconds of CPU time that the server has used; 0 where the system does not say."""
        tasks = Path("/proc", str(self._server.pid), "task").glob("*/schedstat")
        return sum(int(it.read_text().split()[0]) for it in tasks) / 1e6

    def _position(self, offset: int) -> dict[str, int]:
        line = self.text.count("\n", 0, offset)
        return {"line": line, "character": offset - self.text.rfind("\n", 0, offset) - 1}

    def _ask(self, method: str, params: Any) -> None:
        self._id += 1
        self._write({"id": self._id, "method": method, "params": params})
        while self._receive().get("id") != self._id:
            pass

    def _send(self, method: str, params: Any) -> None:
        self._write({"method": method, "params": params})

    def _write(self, message: dict[str, Any]) -> None:
        content = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._server.stdin is not None
        self._server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(content) + content)
        self._server.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        stream = self._server.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline()).strip():
            name, _, value = line.decode().partition(":")
            length = int(value) if name == "Content-Length" else length
        assert length, "the server has gone"
        message: dict[str, Any] = json.loads(stream.read(length))
        if "method" in message and "id" in message:
            self._write({"id": message["id"], "result": None})
        return message


class Took(NamedTuple):
    """Milliseconds until an edit was answered, and those of the server's CPU time."""

    wall: float
    cpu: float


class Typed(NamedTuple):
    """What the first edit took, and the others, by kind."""

    first: Took
    others: dict[str, list[Took]]


def typed(clients: list[Client]) -> list[Typed]:
    """Types the same into every client, one after the other, with the pauses of a slow typist."""
    measured = [Typed(_one(client, Edit("", "# If a", "# If  a")), {}) for client in clients]
    for number in range(ROUNDS):
        for edit in edits(number):
            for client, times in zip(clients, measured, strict=True):
                took = _one(client, edit)
                if edit.kind:
                    times.others.setdefault(edit.kind, []).append(took)
    return measured


def _one(client: Client, edit: Edit) -> Took:
    before = client.cpu
    start = time.perf_counter()
    client.published(client.type(edit))
    took = 1000 * (time.perf_counter() - start)
    time.sleep(random.uniform(0.01, 0.03))
    return Took(took, client.cpu - before)


def burst(client: Client) -> tuple[float, int]:
    """Milliseconds from the last of many changes to its answer, and how many answers came."""
    previous = "PAY_PER_REQUEST"
    start = time.perf_counter()
    for number in range(BURST):
        time.sleep(max(0.0, start + number * BETWEEN - time.perf_counter()))
        last = client.type(Edit("", previous, f"PAY_PER_{number}_"))
        previous = f"PAY_PER_{number}_"
    sent = time.perf_counter()
    others = client.published(last)
    took = 1000 * (time.perf_counter() - sent)
    client.published(client.type(Edit("", previous, "PAY_PER_REQUEST")))
    return took, others + 1


def shares(text: str) -> tuple[float, float, float]:
    """CPU milliseconds of reading the YAML, of judging it, and of counting its lenses."""
    times: dict[str, list[float]] = {"read": [], "judge": [], "lenses": []}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "web-test.stack.yml")
        workspace = Workspace(lambda _path: Options())
        for number in range(ROUNDS):
            changed = text.replace("PAY_PER_REQUEST", f"PAY_PER_{number}", 1)
            start = time.process_time()
            parse(changed, str(path))
            read = time.process_time()
            workspace.edit(path, changed)
            workspace.refresh()
            checked = time.process_time()
            (package,) = workspace.packages.values()
            assert package.analysis is not None
            assert list(lenses.lenses(package.analysis))
            times["read"].append(read - start)
            times["judge"].append(checked - read - (read - start))
            times["lenses"].append(time.process_time() - checked)
    read, judge, counted = (1000 * statistics.median(them) for them in times.values())
    return read, judge, counted


def _shown(label: str, times: list[Took]) -> str:
    wall, cpu = (sorted(them) for them in zip(*times, strict=True))
    late = min(len(times) - 1, round(0.95 * len(times)))
    return (
        f"    {label:20} {statistics.median(wall):5.0f} ms, p95 {wall[late]:4.0f} ms; "
        f"CPU {statistics.median(cpu):5.1f} ms, p95 {cpu[late]:5.1f} ms"
    )


def figures() -> dict[str, list[float]]:
    """Milliseconds from a change to what is shown of it, for each stack and kind of edit."""
    found: dict[str, list[float]] = {}
    for about, containers, tables in SHAPES:
        text = copilot_stack(containers=containers, statements=40, resources=tables)
        client = Client(sys.executable, text)
        (times,) = typed([client])
        client.close()
        where = f"{about:,} lines, {containers} containers"
        found[f"{where}: the first edit"] = [times.first.wall]
        for kind, them in times.others.items():
            found[f"{where}: {kind}"] = [it.wall for it in them]
        every = [it.wall for them in times.others.values() for it in them]
        found[f"{where}: all of them"] = every
    return found


def main() -> None:
    interpreters = [sys.executable, *sys.argv[1:]]
    slow = []
    for about, containers, tables in SHAPES:
        text = copilot_stack(containers=containers, statements=40, resources=tables)
        print(f"{text.count(chr(10)):,} lines, {containers} containers")
        read, judge, counted = shares(text)
        print(f"  CPU: read {read:.1f} ms, judge {judge:.1f} ms, lenses {counted:.1f} ms")
        clients = [Client(interpreter, text) for interpreter in interpreters]
        for interpreter, client, times in zip(interpreters, clients, typed(clients), strict=True):
            print(f"  {interpreter}")
            every = [it for them in times.others.values() for it in them]
            print(_shown("first edit", [times.first]))
            for kind, them in times.others.items():
                print(_shown(kind, them))
            print(_shown("all of them", every))
            took, answers = burst(client)
            print(f"    burst: {answers} answers to {BURST} changes, the last after {took:.0f} ms")
            client.close()
            if (
                interpreter == sys.executable
                and statistics.median(it.wall for it in every) > AIMS[about]
            ):
                slow.append(f"more than {AIMS[about]} ms on {about:,} lines")
    sys.exit("\n".join(slow) or 0)


if __name__ == "__main__":
    main()
