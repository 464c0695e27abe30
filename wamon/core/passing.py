"""What an answer tells in passing, in few different words: usage of the quota, health of the number, templates."""

import msgspec

USAGE_STEPS = (0, 50, 80, 100)
"""Percent from which on a quota counts as used this far: four words are kept, not a hundred.

From 80 % on a limit may have been ours; Meta throttles at 100 % (Graph "Rate Limits", read 2026-01-24).
"""


class Health(msgspec.Struct, frozen=True):
    """How Meta says a number or its account is. ``node_id`` is whose node was asked.

    ``blocked``: nothing can be sent; ``wide`` when the account, the business or the app is, not the number alone.
    ``code`` is the reason Meta gives with it. ``connected`` is None where the node did not tell its state.
    """

    node_id: str = ""
    blocked: bool = False
    wide: bool = False
    connected: bool | None = None
    code: int | None = None


class TemplateWord(msgspec.Struct, frozen=True):
    """A template as a node showed it. ``components`` is a digest of all of them, empty where none were shown."""

    name: str
    language: str
    template_status: str = ""
    components: str = ""


class Passing(msgspec.Struct, frozen=True):
    """Everything one answer tells in passing; each part may be unknown."""

    usage: int | None = None
    health: Health | None = None
    templates: tuple[TemplateWord, ...] = ()


NOTHING = Passing()
