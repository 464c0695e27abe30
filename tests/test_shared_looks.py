"""Many clients in one process: what many targets ask in the same words is asked once, each having its own look."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from tests.support.by_hand import GOOD, MINUTE, SECOND, Answer, by_hand
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.timeline import parse_iso
from wamon.settings import Settings, parse
from wamon.sharing import WITHIN_MS, Sharing, leaders

CLIENTS = 200
START = parse_iso("2026-11-03T10:00:00Z")
REFUSED: Answer = (401, {"error": {"message": "Error validating access token", "code": 190}})

EACH = """
[[accounts]]
name = "client-{n}"
waba_id = "{n}"
[[targets]]
name = "number-{n}"
account = "client-{n}"
probe = "api"
phone_number_id = "1000{n}"
[[targets]]
name = "token-{n}"
account = "client-{n}"
probe = "token"
[[targets]]
name = "edge-{n}"
account = "client-{n}"
probe = "edge"
"""
GRAPH = '[graph]\naccess_token = "env:ONE_TOKEN_FOR_ALL"\n'


def partner(clients: int = CLIENTS) -> Settings:
    """Clients of a partner: one system user's token for all, a number each."""
    return parse(GRAPH + "".join(EACH.format(n=n) for n in range(clients)))


def asked(settings: Settings, folder: Path, length_ms: int, answer: Answer = GOOD) -> tuple[Counter[str], int]:
    """How often each kind of target was asked in a stretch of time, and how many looks are in the book."""

    async def run() -> tuple[Counter[str], int]:
        async with by_hand(settings, folder / "wamon.db", START, lambda _name, _at_ms: answer) as hand:
            await hand.pass_time(length_ms)
            looks = await hand.ledger.read(lambda book: book.sizes().rows["observations"])
            return Counter(name.partition("-")[0] for name, _ in hand.answers.asked), looks

    return asyncio.run(run())


def test_two_hundred_clients_ask_once_what_is_the_same_for_all(tmp_path: Path) -> None:
    counted, looks = asked(partner(), tmp_path, 5 * MINUTE)
    assert counted == {"number": 5 * CLIENTS, "token": 1, "edge": 5}
    assert looks == (5 + 1 + 5) * CLIENTS, "and each has every look of its own"


def test_when_the_token_of_all_dies_it_is_asked_about_once_a_minute(tmp_path: Path) -> None:
    clients = 40
    counted, _ = asked(partner(clients), tmp_path, 10 * MINUTE, REFUSED)
    assert counted["token"] <= 10 + 2
    assert counted["number"] <= 10 * clients + 60, "extra looks keep to the cap of one token"
    assert counted["edge"] <= 10 * (MINUTE // (10 * SECOND))


def test_what_graph_says_of_two_hundred_accounts_is_not_asked_in_one_second(tmp_path: Path) -> None:
    async def run() -> list[int]:
        async with by_hand(partner(), tmp_path / "wamon.db", START, lambda _name, _at_ms: GOOD) as hand:
            return [job.due(START) for job in hand.house.jobs() if job.name.startswith("account:")]

    due = asyncio.run(run())
    seconds = Counter((at_ms - START) // SECOND for at_ms in due)
    assert len(due) == CLIENTS
    assert (min(seconds) >= 1, max(seconds) <= 30 + CLIENTS) == (True, True), "each is asked soon after the start"
    assert max(seconds.values()) <= 6


NUMBER = 'probe = "api"\nphone_number_id = "1"'
CONTROL = 'probe = "control"\nurl = "https://a.example/"'
ENDPOINT = 'probe = "webhook"\nurl = "https://a.example/"\nverify_token = "env:V"'
PAIRS = [
    ('probe = "edge"', 'probe = "edge"\ninterval = "30s"', True),
    ('probe = "edge"', 'probe = "edge"\ntimeout = "5s"', False),
    ('probe = "edge"', 'probe = "edge"\nfamily = "ipv6"', False),
    ('probe = "edge"', 'probe = "edge"\naccount = "theirs"', True),
    ('probe = "edge"', 'probe = "edge"\naccount = "newer"', False),
    ('probe = "token"', 'probe = "token"\naccount = "same"', True),
    ('probe = "token"', 'probe = "token"\naccount = "theirs"', False),
    (NUMBER, f'{NUMBER}\naccount = "same"', True),
    (NUMBER, f'{NUMBER}\naccount = "theirs"', False),
    (NUMBER, NUMBER.replace("1", "2"), False),
    (CONTROL, f'{CONTROL}\naccount = "theirs"', True),
    (CONTROL, CONTROL.replace("a.example", "b.example"), False),
    (ENDPOINT, ENDPOINT, False),
]


@pytest.mark.parametrize(("first", "second", "together"), PAIRS)
def test_only_the_very_same_request_is_shared(first: str, second: str, together: bool) -> None:
    accounts = """
[[accounts]]
name = "same"
[[accounts]]
name = "newer"
version = "v26.0"
[[accounts]]
name = "theirs"
access_token = "env:ANOTHER"
"""
    settings = parse(f'{GRAPH}{accounts}[[targets]]\nname = "a"\n{first}\n[[targets]]\nname = "b"\n{second}\n')
    assert leaders(settings) == ({"a": "a", "b": "a"} if together else {})


class Slow:
    """An asker that ends when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.may_end = asyncio.Event()

    async def ask(self, name: str, at_ms: int) -> Exchange:
        self.asked.append(name)
        await self.may_end.wait()
        return Exchange(name, ProbeKind.EDGE, at_ms, http_status=400)


ALL = dict.fromkeys("abc", "a")


def test_a_look_under_way_is_shared_and_never_given_to_the_same_target_twice() -> None:
    async def run() -> tuple[list[str], list[tuple[str, int | None]]]:
        slow = Slow()
        sharing = Sharing(slow, ALL)
        looks = [("a", START), ("b", START + 3), ("b", START + 4), ("c", START + WITHIN_MS + 5), ("lone", START)]
        under_way = [asyncio.create_task(sharing.ask(*one)) for one in looks]
        await asyncio.sleep(0)
        slow.may_end.set()
        seen = await asyncio.gather(*under_way)
        return slow.asked, [(one.target, one.at_ms) for one in seen]

    asked, seen = asyncio.run(run())
    assert asked == ["a", "b", "c", "lone"]
    assert seen == [
        ("a", START),
        ("b", START),
        ("b", START + 4),
        ("c", START + WITHIN_MS + 5),
        ("lone", START),
    ]


def test_whoever_waits_for_a_look_that_is_stopped_looks_itself() -> None:
    async def run() -> tuple[list[str], str]:
        slow = Slow()
        sharing = Sharing(slow, ALL)
        first, second = (asyncio.create_task(sharing.ask(name, START)) for name in "ab")
        await asyncio.sleep(0)
        first.cancel()
        slow.may_end.set()
        return slow.asked, (await second).target

    assert asyncio.run(run()) == (["a", "b"], "b")
