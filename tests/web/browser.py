"""A real browser on a leash: Chromium spoken to over its debugging pipe, one page at a time."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

LOUD = {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Page.javascriptDialogOpening"}


class Browser:
    """Chromium's DevTools protocol over a pair of pipes; messages end with a zero byte."""

    def __init__(self, to_browser: int, from_browser: int) -> None:
        self._to = os.fdopen(to_browser, "wb", buffering=0)
        self._from = os.fdopen(from_browser, "rb", buffering=0)
        self._number = 0
        self._rest = b""
        self.events: list[dict[str, Any]] = []
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.page(f"{domain}.enable")

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """One command and its answer. Raises AssertionError when the browser refuses it."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        self._to.write(json.dumps(command | ({"sessionId": session} if session else {})).encode() + b"\0")
        while True:
            heard = self._next()
            if heard.get("id") == self._number:
                assert "error" not in heard, heard
                return heard["result"]
            self.events.append(heard)

    def page(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command to the page."""
        return self.call(method, self._session, **parameters)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            heard = os.read(self._from.fileno(), 1 << 20)
            assert heard, "the browser has ended"
            self._rest += heard
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def look(self, width: int, *, dark: bool = False, scripts: bool = False, print_media: bool = False) -> None:
        """What the next page is seen with."""
        self.page("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.page("Emulation.setEmulatedMedia", media="print" if print_media else "", features=[scheme])
        self.page("Emulation.setScriptExecutionDisabled", value=not scripts)

    def open(self, url: str) -> None:
        """Go to a page and wait until it is loaded."""
        self.events.clear()
        self.page("Page.navigate", url=url)
        while not any(one.get("method") == "Page.loadEventFired" for one in self.events):
            self.events.append(self._next())

    def ask(self, expression: str) -> Any:
        """What an expression of ours gives on the page; the page's own scripts stay switched off."""
        answer = self.page("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """What is seen of the page without scrolling, as a PNG."""
        return base64.b64decode(self.page("Page.captureScreenshot")["data"])

    def complaints(self) -> list[str]:
        """What the browser said of the page: violations of its policy, errors, dialogs."""
        loud = {
            "Log.entryAdded",
            "Runtime.exceptionThrown",
            "Runtime.consoleAPICalled",
            "Page.javascriptDialogOpening",
        }
        return [json.dumps(one["params"]) for one in self.events if one.get("method") in loud]

    def requested(self) -> list[str]:
        """Every address that the page asked for."""
        sent = [one["params"] for one in self.events if one.get("method") == "Network.requestWillBeSent"]
        return [one["request"]["url"] for one in sent]


@contextmanager
def browser(program: Path, home: Path) -> Iterator[Browser]:
    """A browser with an empty profile in ``home``."""
    its_input, to_browser = os.pipe()
    from_browser, its_output = os.pipe()
    ends = [its_input, its_output]

    def give_ends() -> None:
        kept = [os.dup(end) for end in ends]
        for number, end in zip((3, 4), kept, strict=True):
            os.dup2(end, number)

    with (home / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={home / 'profile'}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=False,
            preexec_fn=give_ends,
        )
        for end in ends:
            os.close(end)
        try:
            yield Browser(to_browser, from_browser)
        finally:
            process.terminate()
            process.wait(10)
            os.close(to_browser)
            os.close(from_browser)
