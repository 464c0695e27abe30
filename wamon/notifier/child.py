"""The sending child, ``python -m wamon.notifier.child``: errands on stdin, reports on stdout, Apprise inside.

It ends by itself after a quiet minute, and at once when its stdin closes: no letter outlives the daemon.
"""

import hashlib
import logging
import os
import re
import sys
import threading
from queue import Empty, SimpleQueue
from typing import IO, Any

import msgspec

from wamon.notifier.advice import sentence
from wamon.notifier.errand import QUIET_EXIT, Errand, Report
from wamon.notifier.redaction import redact

PARENT_GONE_EXIT = 3
_LOUD_LIBRARIES = ("urllib3", "requests", "smtplib", "asyncio")
_TELLING = ("Socket Exception", "Response Details", "Notification Exception", "Exception:")
_MAIL = re.compile(r"mail|^(?:ses|sendgrid|sparkpost|smtp2go|resend|brevo|azure|o365|postmark)")
_NOT_UNDERSTOOD = (
    "the channel's address is not understood: compare it with the form Apprise documents for this service,"
    " such as mailtos://user:password@host?to=ops@example.org or slack://tokenA/tokenB/tokenC"
)
_SEVERAL = "the address holds {count} services: give each a [[channels]] of its own, so that each is retried alone"


class _Captured(logging.Handler):
    """Keeps what Apprise says while it sends, so that nothing of it reaches a stream.

    Its warnings, and those debug lines that carry the server's own words; the rest of debug is the
    payload and the address.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if record.levelno >= logging.WARNING or line.startswith(_TELLING):
            self.lines.append(line)


def main(quiet_s: float = 60.0) -> int:
    """Serve errands until nobody asks for a while. The exit code says whether anything may be under way."""
    answers = _take_stdout()
    errands: SimpleQueue[bytes] = SimpleQueue()
    captured = _quiet_logs()
    threading.Thread(target=_read_errands, args=(errands,), daemon=True).start()
    while True:
        try:
            line = errands.get(timeout=quiet_s)
        except Empty:
            return QUIET_EXIT
        answers.write(msgspec.json.encode(_answer(line, captured)) + b"\n")


def _take_stdout() -> IO[bytes]:
    """Keep the answering pipe for ourselves: a library that prints must not garble an answer."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    return answers


def _read_errands(errands: SimpleQueue[bytes]) -> None:
    for line in sys.stdin.buffer:
        errands.put(line)
    os._exit(PARENT_GONE_EXIT)


def _quiet_logs() -> _Captured:
    captured = _Captured()
    apprise = logging.getLogger("apprise")
    apprise.setLevel(logging.DEBUG)
    apprise.propagate = False
    apprise.addHandler(captured)
    for name in _LOUD_LIBRARIES:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger().addHandler(logging.NullHandler())
    return captured


def _answer(line: bytes, captured: _Captured) -> Report:
    errand = msgspec.json.decode(line, type=Errand)
    captured.lines.clear()
    try:
        return _run(errand, captured)
    except Exception as surprise:  # a plugin may raise anything; the parent must hear of it
        said = redact(f"{type(surprise).__name__}: {surprise}", errand.url, keeps_host=False)
        return Report(ok=False, detail=sentence(said))


def _run(errand: Errand, captured: _Captured) -> Report:
    import apprise

    asset = apprise.AppriseAsset(
        app_id="wamon", app_desc="wamon", app_url="", async_mode=False, http_redirects=False,
        default_service_retry=0, pgp_autogen=False, pem_autogen=False, storage_mode="memory",
    )  # fmt: skip
    post = apprise.Apprise(asset=asset)
    if not post.add(errand.url):
        return Report(ok=False, permanent=True, detail=_NOT_UNDERSTOOD)
    if len(post) > 1:
        return Report(ok=False, permanent=True, detail=_SEVERAL.format(count=len(post)))
    return Report(ok=True) if errand.only_read else _send(apprise, post, errand, captured)


def _send(apprise: Any, post: Any, errand: Errand, captured: _Captured) -> Report:
    """One attempt on a fresh object: an old one would wait 5.5 s between two mails."""
    service = post[0]
    service.retry = 0  # retries belong to the outbox, whatever the address says
    reached = _remember_recipients(apprise, service, errand)
    as_html = errand.html is not None and _shows_html(apprise, service)
    outcome = post.notify(
        title=errand.title,
        body=errand.html if as_html else errand.body,
        notify_type=errand.tone,
        body_format=apprise.NotifyFormat.HTML if as_html else apprise.NotifyFormat.TEXT,
    )
    if any(try_.status == apprise.AppriseResultStatus.SUCCESS for one in outcome for try_ in one.attempts):
        return Report(ok=True)
    keeps_host = "host" in type(service).template_tokens
    said = redact(" ".join(dict.fromkeys(captured.lines)), errand.url, keeps_host=keeps_host)
    return Report(ok=False, detail=sentence(said), reached=tuple(sorted(reached)))


def _shows_html(apprise: Any, service: Any) -> bool:
    """Mail does. Chats that call it HTML know a handful of tags, and refuse a letter with any other."""
    return bool(_MAIL.search(_scheme(service))) and apprise.NotifyFormat.HTML in _formats(service)


def _scheme(service: Any) -> str:
    """What the service's addresses begin with: ``mailtos``."""
    schemes = service.secure_protocol or service.protocol
    return str(schemes if isinstance(schemes, str) else schemes[0])


def _formats(service: Any) -> tuple[Any, ...]:
    declared = service.notify_format
    return tuple(declared) if isinstance(declared, list | tuple) else (declared,)


def _remember_recipients(apprise: Any, service: Any, errand: Errand) -> set[str]:
    """Let the service skip recipients who have this letter, and note those it reaches.

    Only where a letter stays in one piece: a recipient of the first piece still needs the second.
    """
    reached = set(errand.reached)
    if _split_if_needed(apprise, service, errand):
        return reached

    def mark(key: object, per_message: bool = False) -> None:
        reached.add(_mark(key))

    def known(key: object, per_message: bool = False) -> bool:
        return _mark(key) in reached

    service.mark_delivered, service.is_delivered = mark, known
    return reached


def _mark(key: object) -> str:
    return hashlib.sha256(f"{type(key).__name__} {key}".encode()).hexdigest()[:16]


def _split_if_needed(apprise: Any, service: Any, errand: Errand) -> bool:
    """A service with a real limit gets a long letter in pieces rather than refusing it, unless told otherwise."""
    modes = apprise.OverflowMode
    limited = service.body_maxlen < apprise.NotifyBase.body_maxlen
    if limited and len(errand.title) + len(errand.body) > service.body_maxlen and "overflow=" not in errand.url:
        service.overflow_mode = modes.SPLIT
    return bool(service.overflow_mode == modes.SPLIT)


if __name__ == "__main__":
    os._exit(main(*map(float, sys.argv[1:])))
