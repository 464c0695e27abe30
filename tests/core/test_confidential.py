"""A client's letters: of a digest its own lines, of trouble of many its own part, and nobody else's name."""

import pytest

from wamon.core.confidential import confidential
from wamon.core.dispatching import Letter

OWN = frozenset({"acme", "acme.number", "acme.send"})
OTHERS = frozenset({"globex", "globex.number", "initech", "initech.number"})

LINES = {
    "Speaks for: acme.number, globex.number, initech.number; of each of them nothing else is told": (
        "Speaks for: acme.number, another client's; of each of them nothing else is told"
    ),
    "- globex.number: 99.1 % available, 98 % as experienced; 100 % observed": None,
    "- acme.number: 100 % available, 100 % as experienced; 100 % observed": (
        "- acme.number: 100 % available, 100 % as experienced; 100 % observed"
    ),
    "- platform: 99.9 % available, 99 % as experienced; 100 % observed": (
        "- platform: 99.9 % available, 99 % as experienced; 100 % observed"
    ),
    "- 2026-11-05 (12 min) Meta: sending fails, initech.number": None,
    "- mixed burst (acme.number, with globex.number)": "- mixed burst (acme.number, with another client's)",
    "globex.number: 2026-11-05T10:00:00Z to 2026-11-05T10:10:00Z, cause local network": None,
    "acme.number: 2026-11-05T10:00:00Z to 2026-11-05T10:10:00Z, cause local network": (
        "acme.number: 2026-11-05T10:00:00Z to 2026-11-05T10:10:00Z, cause local network"
    ),
    "For: app globex, 3/3 accounts": None,
    "notice: app globex@20261105T100000Z:opened": "notice: app another client's@20261105T100000Z:opened",
    "2026-11-05 10:00 UTC  [URGENT] Meta · app Globex · 3/3 accounts": (
        "2026-11-05 10:00 UTC  [URGENT] Meta · app another client's · 3/3 accounts"
    ),
    "What happened:": "What happened:",
    "": "",
}


@pytest.mark.parametrize(("line", "said"), LINES.items())
def test_what_is_about_others_alone_is_left_out_and_their_names_are_replaced(line: str, said: str | None) -> None:
    letter = Letter(
        "key", "[URGENT] Meta · app globex · 3/3 accounts", f"first\n{line}\nlast", html="<p>globex</p>"
    )
    told = confidential(letter, OWN, OTHERS)
    assert told.body == ("first\nlast" if said is None else f"first\n{said}\nlast")
    assert told.title == "[URGENT] Meta · app another client's · 3/3 accounts"
    assert told.html is None, "mail gets the text alone rather than a name"


def test_a_letter_that_names_nobody_else_and_one_to_everybody_stay_as_they_are() -> None:
    own = Letter("key", "acme.number is well", "- acme.number: 100 %", html="<p>acme.number</p>")
    assert confidential(own, OWN, OTHERS) == own
    wide = Letter("key", "globex", "- globex.number: 99 %", html="<p>globex</p>")
    assert confidential(wide, frozenset(), frozenset()) == wide
