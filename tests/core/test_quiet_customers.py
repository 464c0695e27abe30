"""While nobody writes, real messages say nothing: that is no trouble, no incident and no green light either."""

from zoneinfo import ZoneInfo

from tests.support.reports import report, target
from wamon.core.days import NOTHING
from wamon.core.incident import Kind, Lasting
from wamon.core.knowledge import knowledge
from wamon.core.minutes import Minute, observation
from wamon.core.observation import ProbeKind
from wamon.core.report import Ledgered, State, snapshot
from wamon.core.timeline import HOUR, MINUTE
from wamon.core.traffic import Facts, Source
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.web.words import headline

TEN = 1_790_000_040_000
GOOD, BAD = Facts(Source.WEBHOOK, "delivered"), Facts(Source.WEBHOOK, "failed", (131016,))


def watch(letters: str) -> Vigil:
    """One minute each: good, Down, or blank where nobody wrote."""
    vigil = Vigil(knowledge(), Lasting())
    vigil.watch(Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="send"))
    for n, letter in enumerate(letters):
        if letter != " ":
            counts = {BAD if letter == "D" else GOOD: 9}
            vigil.observe(observation("real", Minute(TEN + n * MINUTE, counts), vigil.known))
    return vigil


def state(vigil: Vigil, now_ms: int) -> State:
    mark = vigil.rolls["real"].marks[-1]
    past = Ledgered({}, {"real": TEN}, NOTHING)
    last = {"real": (mark.at_ms, mark.finding)}
    now = snapshot(vigil, past, now_ms, ZoneInfo("UTC"), objective_percent=99.9, version="1", last=last)
    return now.targets[0].state


def test_a_quiet_night_is_no_incident_and_says_nothing() -> None:
    vigil = watch("." * 9)
    assert vigil.incidents("real", TEN + 9 * HOUR) == []
    assert vigil.announce(TEN + 9 * HOUR) == ()
    assert state(vigil, TEN + 10 * MINUTE) is State.OPERATIONAL
    assert state(vigil, TEN + 20 * MINUTE) is State.UNOBSERVED, "and it does not claim to be well"


def test_an_outage_after_which_nobody_writes_stays_open_until_messages_go_through_again() -> None:
    vigil = watch("...DDDD")
    (outage,) = vigil.incidents("real", TEN + 3 * HOUR)
    assert (outage.kind, outage.closed_ms) == (Kind.OUTAGE, None)
    assert state(vigil, TEN + 3 * HOUR) is State.OUTAGE
    (over,) = watch("...DDDD" + " " * 60 + "..").incidents("real", TEN + 3 * HOUR)
    assert over.closed_ms is not None


def test_quiet_customers_make_no_bad_news_of_what_is_well_beside_them() -> None:
    quiet = target("real", ProbeKind.TRAFFIC, state=State.UNOBSERVED)
    assert headline(report([quiet, target("graph")])).state is State.OPERATIONAL
    assert headline(report([quiet])).state is State.UNOBSERVED
    blind = target("graph", state=State.UNOBSERVED)
    assert headline(report([quiet, blind])).text == "1 of 2 targets not observed: graph"
