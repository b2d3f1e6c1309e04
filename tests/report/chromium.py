"""Chromium without a window, spoken to over two pipes: no driver, no port, no network.

Source: https://chromedevtools.github.io/devtools-protocol/ and ``--remote-debugging-pipe``.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

EXECUTABLE: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
_FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--remote-debugging-pipe",
)


class Page:
    """One tab. ``problems`` are what its console, its loading and its policies complain of."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser = browser
        self._session = session
        self.problems: list[str] = []
        self.requests: list[str] = []
        browser.heard[session] = self._hear
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> Any:
        """The answer to a command. Raises RuntimeError where Chromium refuses it."""
        return self._browser.send(method, parameters, self._session)

    def open(self, file: Path) -> None:
        """Loads a file and waits until its scripts have run."""
        self._browser.events.clear()
        self.send("Page.navigate", url=file.resolve().as_uri())
        self._browser.wait_for("Page.loadEventFired")

    def run(self, expression: str) -> Any:
        """The value of an expression of JavaScript, awaited."""
        answer = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise RuntimeError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def size(self, width: int, height: int = 900) -> None:
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def media(self, kind: str, scheme: str) -> None:
        """``screen`` or ``print``, ``light`` or ``dark``."""
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.send("Emulation.setEmulatedMedia", media=kind, features=features)

    def press(self, key: str, code: int) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        for kind in ("keyDown", "keyUp"):
            self.send(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                **(text if kind == "keyDown" else {}),
            )

    def picture(self) -> bytes:
        """The whole page as a PNG."""
        answer = self.send("Page.captureScreenshot", captureBeyondViewport=True)
        return base64.b64decode(answer["data"])

    def printed(self) -> bytes:
        """The page as a PDF."""
        return base64.b64decode(self.send("Page.printToPDF", printBackground=False)["data"])

    def _hear(self, method: str, parameters: Any) -> None:
        if method == "Runtime.exceptionThrown":
            self.problems.append(str(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            self.problems.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.problems.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])


class Browser:
    """A running Chromium; ``events`` are the names of those since somebody cleared them."""

    def __init__(self, profile: str) -> None:
        there, self._out = os.pipe()
        self._in, back = os.pipe()
        self.events: list[str] = []
        self.heard: dict[str, Any] = {}
        self._begun = b""
        self._last = 0
        assert EXECUTABLE is not None

        import fcntl  # here: Windows, which tests the rest, has none

        def as_chromium_wants_them() -> None:
            """It reads from descriptor 3 and writes to 4, whatever these two are here."""
            high = [fcntl.fcntl(it, fcntl.F_DUPFD, 10) for it in (there, back)]
            for descriptor, wanted in zip(high, (3, 4), strict=True):
                os.dup2(descriptor, wanted)
                os.close(descriptor)

        self._process = subprocess.Popen(
            [EXECUTABLE, *_FLAGS, f"--user-data-dir={profile}"],
            close_fds=False,
            preexec_fn=as_chromium_wants_them,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(there)
        os.close(back)

    def page(self) -> Page:
        target = self.send("Target.createTarget", {"url": "about:blank"})["targetId"]
        attached = self.send("Target.attachToTarget", {"targetId": target, "flatten": True})
        return Page(self, attached["sessionId"])

    def send(self, method: str, parameters: Any, session: str = "") -> Any:
        self._last += 1
        number = self._last
        message = {"id": number, "method": method, "params": parameters}
        text = json.dumps({**message, **({"sessionId": session} if session else {})})
        left = text.encode() + b"\0"
        while left:
            left = left[os.write(self._out, left) :]
        while True:
            heard = self._message()
            if heard.get("id") == number:
                if "error" in heard:
                    raise RuntimeError(f"{method}: {heard['error']}")
                return heard["result"]

    def wait_for(self, event: str) -> None:
        while event not in self.events:
            self._message()

    def _message(self) -> Any:
        while b"\0" not in self._begun:
            read = os.read(self._in, 1 << 20)
            if not read:
                raise RuntimeError("Chromium has ended")
            self._begun += read
        text, _, self._begun = self._begun.partition(b"\0")
        heard = json.loads(text)
        if "method" in heard:
            self.events.append(heard["method"])
            tell = self.heard.get(heard.get("sessionId", ""))
            if tell is not None:
                tell(heard["method"], heard["params"])
        return heard

    def close(self) -> None:
        os.close(self._out)
        os.close(self._in)
        self._process.kill()
        self._process.wait()


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium with a profile of its own, which is gone afterwards."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        running = Browser(profile)
        try:
            yield running
        finally:
            running.close()
