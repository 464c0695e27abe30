"""What parent and child say to each other: one JSON line there, one JSON line back."""

import msgspec


class Errand(msgspec.Struct, frozen=True):
    """Send this to ``url``, or with ``only_read`` just say whether the address is understood.

    ``reached`` are the marks of recipients who had this letter already from an earlier attempt.
    """

    url: str
    title: str = ""
    body: str = ""
    html: str | None = None
    tone: str = "info"
    reached: tuple[str, ...] = ()
    only_read: bool = False


class Report(msgspec.Struct, frozen=True):
    """What became of an errand. ``detail`` never holds a part of the address but its host."""

    ok: bool
    permanent: bool = False
    detail: str = ""
    reached: tuple[str, ...] = ()


QUIET_EXIT = 0
"""The child ended because nobody asked for anything: whatever was just handed to it was not begun."""
