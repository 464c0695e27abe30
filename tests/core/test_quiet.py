"""What people are told around declared maintenance: nothing inside, the truth when trouble lasts beyond it."""

import pytest

from tests.core.test_vigil import GOOD, START, SYSTEM, lived, look, minutes, watching
from wamon.core.incident import Kind
from wamon.core.maintenance import Once, Window
from wamon.core.notice import NoticePhase
from wamon.core.timeline import MINUTE
from wamon.core.vigil import Vigil
from wamon.letters import written

EXPIRED = {"http_status": 401, "body": {"error": {"code": 190, "error_subcode": 463}}}
CODE_2 = {"http_status": 500, "body": {"error": {"code": 2}}}
BROKEN = {"http_status": 503}


def resting(first: int, last: int, *targets: str) -> Vigil:
    """A watch with maintenance from one minute to another."""
    vigil = watching()
    vigil.declared([window(first, last, *targets)])
    return vigil


def window(first: int, last: int, *targets: str) -> Window:
    return Window(Once(START + first * MINUTE, START + last * MINUTE), "UTC", targets)


STORIES = [
    ("inside and over", (10, 40), range(15, 25), []),
    ("a little before, and over inside", (10, 40), range(9, 25), []),
    ("until the last look inside", (10, 40), range(15, 40), []),
    ("beyond its end", (10, 40), range(15, 50), ["2400 outage opened", "3090 outage resolved"]),
    ("told before, over inside", (10, 40), range(5, 25), ["390 outage opened", "1590 outage resolved"]),
    ("told before, over afterwards", (10, 40), range(5, 50), ["390 outage opened", "3090 outage resolved"]),
    ("another target's", (10, 40, "webhook"), range(15, 25), ["990 outage opened", "1590 outage resolved"]),
    ("its own", (10, 40, "api"), range(15, 25), []),
]


@pytest.mark.parametrize(("when", "bad", "told"), [one[1:] for one in STORIES], ids=[one[0] for one in STORIES])
def test_trouble_around_maintenance(when: tuple[int, int], bad: range, told: list[str]) -> None:
    assert lived(resting(*when), minutes(dict.fromkeys(bad, SYSTEM), 60), 3600) == told


def test_trouble_that_lasts_beyond_it_is_told_with_its_true_beginning() -> None:
    vigil = resting(10, 40)
    for one in minutes(dict.fromkeys(range(15, 41), SYSTEM), 41):
        vigil.observe(one)
        found = vigil.announce(one.at_ms or 0)
    (notice,) = found
    assert (notice.kind, notice.phase) == (Kind.OUTAGE, NoticePhase.OPENED)
    assert "since 10:14 UTC (25 min)" in notice.title
    assert "Since 2026-11-03 10:14 UTC, still going on" in written(notice).body
    assert (
        "Maintenance was declared from 2026-11-03 10:10 UTC to 2026-11-03 10:40 UTC; this lasts beyond it"
        in written(notice).body
    )


def test_its_incidents_remain_listed() -> None:
    vigil = resting(10, 40)
    assert lived(vigil, minutes(dict.fromkeys(range(15, 25), SYSTEM), 60), 3600) == []
    (incident,) = vigil.incidents("api", START + 60 * MINUTE)
    assert incident.kind is Kind.OUTAGE


def test_the_end_of_it_alone_is_no_news_until_somebody_looks() -> None:
    """The last look inside failed, the first one outside is good: nobody is woken in between."""
    vigil = resting(10, 40)
    looks = [
        one for one in minutes(dict.fromkeys(range(15, 45), SYSTEM), 60) if (one.at_ms or 0) < START + 40 * MINUTE
    ]
    assert lived(vigil, [*looks, look(41 * 60, GOOD), look(42 * 60, GOOD)], 3600) == []


def test_what_changes_inside_is_not_told() -> None:
    """A told outage becomes a user error while people work: they are told of the end of the one they know."""
    words = dict.fromkeys(range(5, 15), SYSTEM) | dict.fromkeys(range(15, 25), EXPIRED)
    told = lived(resting(10, 40), minutes(words, 60), 3600)
    assert told == ["390 outage opened", "990 outage resolved"]


def test_a_withdrawn_window_holds_nothing_back_any_more() -> None:
    vigil = resting(10, 40)
    looks = minutes(dict.fromkeys(range(15, 60), SYSTEM), 60)
    assert lived(vigil, looks[:30], 1800) == []
    vigil.declared([])
    (notice,) = vigil.announce(START + 30 * MINUTE)
    assert notice.phase is NoticePhase.OPENED
    assert "Maintenance" not in written(notice).body


def test_time_without_looks_inside_is_not_told_afterwards() -> None:
    looks = minutes({}, 60)
    seen = [one for one in looks if not START + 12 * MINUTE < (one.at_ms or 0) < START + 30 * MINUTE]
    assert lived(watching(), seen, 3600) == ["1875 unobserved note"]
    assert lived(resting(10, 40), seen, 3600) == []
    assert lived(resting(10, 20), seen, 3600) == ["1875 unobserved note"]


def test_one_in_maintenance_does_not_hurry_the_word_on_an_update() -> None:
    """Code 2 alone waits for as long as an update may take; what rests is nothing else that fails."""
    api = minutes(dict.fromkeys(range(15, 20), CODE_2), 60)
    webhook = minutes(dict.fromkeys(range(12, 30), BROKEN), 60, "webhook")
    assert lived(resting(10, 40, "webhook"), [*api, *webhook], 3600) == []
    assert lived(watching(), [*api, *webhook], 3600)[1:2] == ["990 outage opened"]
