"""Takes a channel's address and everything secret in it out of a text."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import unquote, unquote_plus, urlsplit

MASK = "***"
LONGEST_TEXT = 300
SHORTEST_SECRET = 3
"""Shorter parts of an address are masked only where they are user or password."""
_HARMLESS = frozenset({
    "yes", "no", "true", "false", "text", "html", "markdown", "starttls", "ssl", "insecure",
    "post", "put", "get", "mode", "format", "to", "from",
})  # fmt: skip
_ADDRESS = re.compile(r"(?i)\b[a-z][a-z0-9+.-]{1,15}://\S+")
_PATH_OF_A_REQUEST = re.compile(r"(?i)(\bwith url:) \S+")


def redact(text: str, url: str, *, keeps_host: bool) -> str:
    """The text on one line, cut to 300 characters, without any part of the address.

    ``keeps_host``: the address names a real host, which helps the operator; else even that place may hold
    a token, as in ``slack://TOKEN/...``, and goes too.
    """
    line = " ".join(text.split()).replace(url, MASK)
    line = _ADDRESS.sub(MASK, _PATH_OF_A_REQUEST.sub(rf"\1 {MASK}", line))
    for secret in sorted({*_pieces(url, keeps_host), *_credentials(url)}, key=len, reverse=True):
        line = _pattern(secret).sub(MASK, line)
    return line if len(line) <= LONGEST_TEXT else line[: LONGEST_TEXT - 1] + "…"


def _pattern(secret: str) -> re.Pattern[str]:
    """A secret of one to three letters is looked for as a whole word: else it would eat the sentence."""
    escaped = re.escape(secret)
    return re.compile(escaped if len(secret) > 3 else rf"(?<!\w){escaped}(?!\w)", re.IGNORECASE)


def _pieces(url: str, keeps_host: bool) -> Iterator[str]:
    """Everything between the separators of an address, as written and decoded, but for plain option words."""
    _, _, rest = url.partition("://")
    host, port = _place(url) if keeps_host else ("", "")
    kept = _HARMLESS | {port, *_domains(host)}
    for piece in re.split(r"[/?&=:@#,;+\s]+", rest):
        for form in (piece, unquote(piece), unquote_plus(piece)):
            if len(form) >= SHORTEST_SECRET and form.lower() not in kept:
                yield form


def _credentials(url: str) -> Iterator[str]:
    """User and password, and both as HTTP and SMTP carry them: such a text gives the password away too."""
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    user, _, password = authority.rpartition("@")[0].partition(":")
    if password:
        yield from (user, password, user := unquote(user), password := unquote(password))
        for plain in (f"{user}:{password}", f"\0{user}\0{password}", user, password):
            yield base64.b64encode(plain.encode()).decode()


def _place(url: str) -> tuple[str, str]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", str(parts.port or "")
    except ValueError:
        return "", ""


def _domains(host: str) -> Iterator[str]:
    """The host and the domains it lies in: masking those would mask the host."""
    while host:
        yield host
        host = host.partition(".")[2]
