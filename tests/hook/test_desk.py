"""Reports when wamon is absent, hung, wrong or busy: the application never waits, and nothing counts twice."""

import logging
import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

import wamon.hook
from tests.hook.stage import SECRET, Graph, door, graph, send
from tests.running.daemon import eventually, free_port
from wamon.hook.call import Call, Outcome
from wamon.hook.desk import TOGETHER, WAITING, Counts, Desk
from wamon.hook.ears import Ears


@pytest.fixture(scope="module")
def meta() -> Iterator[Graph]:
    with graph() as one:
        yield one


def an_outcome(number: int = 0) -> Outcome:
    return Outcome(str(10_000 + number), 1_790_000_000_000 + number, 12.5, "sent", "read_timeout")


def test_without_wamon_messages_go_out_as_ever_and_are_told_once_it_is_there(meta: Graph) -> None:
    port = free_port()
    with httpx.Client(timeout=1, trust_env=False) as client:
        assert wamon.hook.watch(client, f"http://127.0.0.1:{port}/api/v1/exchanges", SECRET, graph=meta.url)
        assert all(send(client, meta.url) for _ in range(5))
        assert not wamon.hook.flush(0.2)
        with door(port) as reports:
            eventually(lambda: wamon.hook.flush(0.5) and len(reports.exchanges) == 5, "five outcomes")


def test_a_hung_wamon_costs_the_application_nothing_and_what_does_not_fit_is_counted(meta: Graph) -> None:
    with door() as reports, httpx.Client(timeout=1, trust_env=False) as client:
        desk = Desk(reports.url, SECRET)
        Ears(desk, meta.url).join(client)
        reports.held.clear()
        assert send(client, meta.url)
        assert reports.came.wait(5), "the first report is under way"
        began_s = time.monotonic()
        for number in range(WAITING + 50):
            desk.leave(an_outcome(number))
        assert time.monotonic() - began_s < 1
        assert send(client, meta.url)
        assert desk.counts == Counts(dropped=51)
        reports.held.set()
        eventually(lambda: desk.counts.reported == WAITING + 1, "all that waited")
        assert {len(one) for one in reports.reports[1:]} == {TOGETHER}
        assert len({(one["at"], one["phone_number_id"]) for one in reports.exchanges}) == WAITING + 1


ANSWERS = {
    200: (1, 0, None),
    429: (1, 0, "refused with HTTP 429"),
    503: (1, 0, "refused with HTTP 503"),
    400: (0, 1, "refused with HTTP 400"),
    401: (0, 1, "refused; the secret is not that of [reports] secret"),
    404: (0, 1, "refused; wamon takes no reports: write [reports] secret in its configuration"),
    500: (0, 1, "refused with HTTP 500"),
}


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.items())
def test_a_report_is_repeated_only_where_it_surely_was_not_taken(
    answer: int, expected: tuple[int, int, str | None], caplog: pytest.LogCaptureFixture
) -> None:
    reported, lost, said = expected
    with door() as reports, caplog.at_level(logging.INFO, "wamon.hook"):
        desk = Desk(reports.url, SECRET)
        reports.answers = [answer]
        desk.leave(an_outcome())
        eventually(
            lambda: desk.flush(0.2) and desk.counts.reported + desk.counts.lost, "an outcome of the outcome"
        )
        assert desk.counts == Counts(reported=reported, lost=lost)
        desk.leave(an_outcome(1))
        eventually(lambda: desk.flush(0.2) and desk.counts.reported == reported + 1, "the next one")
    lines = [one.getMessage() for one in caplog.records]
    assert [line for line in lines if said and said in line] == lines[:1]
    assert SECRET not in caplog.text


def test_a_wamon_that_hangs_up_without_an_answer_is_told_the_same_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, caplog.at_level(logging.WARNING, "wamon.hook"):
        desk = Desk(f"http://127.0.0.1:{listening.getsockname()[1]}/x", SECRET)
        desk.leave(an_outcome())
        bodies = []
        for answer in (b"", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"):
            one, _ = listening.accept()
            with one, one.makefile("rb") as asked:
                length = next(int(line.split()[1]) for line in asked if line.startswith(b"Content-Length"))
                while asked.readline().strip():
                    continue
                bodies.append(asked.read(length))
                one.sendall(answer)
            desk.hurry()
        eventually(lambda: desk.counts == Counts(reported=1), "told")
    assert bodies[0] == bodies[1], "so that it counts once"
    assert "wamon does not answer" in caplog.text


REFUSED = {
    ("ftp://x.example/", "secret"): "the address is no URL such as http://127.0.0.1:9877/api/v1/exchanges",
    ("", "secret"): "the address is no URL such as",
    ("http://[::1", "secret"): "Invalid IPv6 URL",
    (
        "http://127.0.0.1:9877/",
        "",
    ): "the secret is empty or no plain line; it is what [reports] secret of wamon says",
    ("http://127.0.0.1:9877/", "two\nlines"): "the secret is empty or no plain line",
}


@pytest.mark.parametrize(("given", "sentence"), REFUSED.items())
def test_what_cannot_be_watched_is_said_in_the_log_and_not_raised(
    given: tuple[str, str], sentence: str, caplog: pytest.LogCaptureFixture
) -> None:
    with httpx.Client(trust_env=False) as client:
        assert not wamon.hook.watch(client, *given)
        assert client.event_hooks == {"request": [], "response": []}
    assert sentence in caplog.text
    assert not wamon.hook.watch(object(), "http://127.0.0.1:9877/", "secret"), "no client of httpx"


def test_faults_of_the_hook_itself_are_counted_and_never_seen() -> None:
    desk = Desk("http://127.0.0.1:9/", SECRET)
    ears = Ears(desk)
    ears.asked(None)
    ears.answered(None)
    ears._follow(Call("1"), "connection.connect_tcp.failed", {})
    ears.failed(Call("1"), "connect_tcp.failed", None)  # type: ignore[arg-type]
    assert desk.counts.faults >= 3


def test_many_threads_leave_their_outcomes_and_none_is_lost() -> None:
    with door() as reports:
        desk = Desk(reports.url, SECRET)
        writing = [
            threading.Thread(target=lambda part=part: [desk.leave(an_outcome(part * 100 + n)) for n in range(100)])
            for part in range(10)
        ]
        for one in writing:
            one.start()
        for one in writing:
            one.join()
        assert desk.flush(10)
        assert len({one["phone_number_id"] for one in reports.exchanges}) == len(reports.exchanges) == 1_000
        assert threading.active_count() < 20
