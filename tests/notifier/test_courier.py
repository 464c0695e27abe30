"""The courier against real mail and HTTP servers, hung ones among them, with real child processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.support.mail import PASSWORD, Authority, dripping_mail_server, mail_server, new_authority
from tests.support.sinks import black_hole, json_sink, proxied_sink
from wamon.core.dispatching import Letter, Tone
from wamon.notifier.courier import Courier, passed_on

LETTER = Letter("sending@20260302T120000Z:opened", "[CRITICAL] Meta · sending fails", "Hold queues.", Tone.FAILURE)


def letter(title: str = LETTER.title, body: str = LETTER.body, key: str = LETTER.key) -> Letter:
    return Letter(key, title, body)


@asynccontextmanager
async def courier(
    urls: Mapping[str, str], *, extra: Mapping[str, str] | None = None, **limits: int
) -> AsyncIterator[Courier]:
    made = Courier(urls, environment=passed_on(os.environ) | dict(extra or {}), **limits)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return new_authority(tmp_path_factory.mktemp("authority"))


def test_a_mail_goes_over_starttls_with_a_login_and_arrives_as_plain_text(authority: Authority) -> None:
    async def story() -> None:
        async with (
            mail_server(authority) as mail,
            courier({"ops": mail.url()}, extra=authority.trusted) as post,
        ):
            assert await post.send("ops", LETTER) == (sent := await post.send("ops", LETTER))
            assert sent.ok, sent.detail
            assert mail.over_tls == [True, True]
            assert mail.logins == ["accepted", "accepted"]
            mail_seen = mail.arrived[0]
            assert mail_seen["Subject"] == LETTER.title
            assert mail_seen["To"] == "ops@example.org"
            assert mail_seen.get_content_type() == "text/plain"
            assert mail_seen.get_content().strip() == LETTER.body

    asyncio.run(story())


def test_two_mails_do_not_wait_for_each_other(authority: Authority) -> None:
    async def story() -> float:
        async with (
            mail_server(authority) as mail,
            courier({"ops": mail.url()}, extra=authority.trusted) as post,
        ):
            await post.send("ops", LETTER)
            start = time.monotonic()
            assert (await post.send("ops", letter(key="another"))).ok
            return time.monotonic() - start

    assert asyncio.run(story()) < 3.0, "one object for all mails waits 5.5 s between two"


def test_a_chat_that_calls_it_html_gets_the_text_all_the_same() -> None:
    async def story() -> None:
        async with json_sink() as sink, courier({"web": f"{sink.url}?format=html"}) as post:
            sent = await post.send("web", Letter("k", "t", "a < b", html="<table><tr><td>a</td></tr></table>"))
            assert sent.ok, sent.detail
            assert "table" not in json.dumps(sink.posts[0])

    asyncio.run(story())


def test_an_html_letter_brings_its_text_along(authority: Authority) -> None:
    async def story() -> None:
        async with (
            mail_server(authority) as mail,
            courier({"ops": mail.url()}, extra=authority.trusted) as post,
        ):
            sent = await post.send("ops", Letter("k", "t", "plain", html="<p>Hold <b>queues</b>.</p>"))
            assert sent.ok, sent.detail
            parts = {part.get_content_type(): part for part in mail.arrived[0].walk()}
            assert "<b>queues</b>" in parts["text/html"].get_content()
            assert "Hold" in parts["text/plain"].get_content()

    asyncio.run(story())


LONG = "".join(f"{number} · Größe → 100 % <b>&amp;</b> \\n *x* 🚨\n" for number in range(10_000))
TEXTS = {
    "unicode": "Störung — 障害 — обрыв · 🚨 <script> & \"quotes\" 'n' \\n %s {0} :smile:",
    "lines": "one\n\n  two  \n\ttabbed\n\nend",
    "very long": LONG.strip(),
}


@pytest.mark.parametrize("body", TEXTS.values(), ids=TEXTS)
def test_a_body_arrives_unchanged(authority: Authority, body: str) -> None:
    async def story() -> None:
        async with (
            json_sink() as sink,
            mail_server(authority) as mail,
            courier({"web": sink.url, "ops": mail.url()}, extra=authority.trusted) as post,
        ):
            for channel in post.channels:
                sent = await post.send(channel, letter("Größe · 🚨", body))
                assert sent.ok, sent.detail
            assert sink.posts[0]["message"] == body
            assert sink.posts[0]["title"] == mail.arrived[0]["Subject"] == "Größe · 🚨"
            assert mail.arrived[0].get_content().replace("\r\n", "\n").strip() == body

    asyncio.run(story())


@pytest.mark.parametrize("tone", Tone)
def test_the_tone_reaches_the_service(tone: Tone) -> None:
    async def story() -> None:
        async with json_sink() as sink, courier({"web": sink.url}) as post:
            assert (await post.send("web", Letter("k", "t", "b", tone))).ok
            assert sink.posts[0]["type"] == tone.value

    asyncio.run(story())


def test_slack_itself_goes_through_a_proxy_and_its_token_stays_out_of_a_failure(authority: Authority) -> None:
    url = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/"

    async def story() -> None:
        context = authority.server_context("hooks.slack.com")
        async with proxied_sink(context, answers=[200, 404], answer_body=b"ok") as slack:
            around = authority.trusted | {"HTTPS_PROXY": f"http://127.0.0.1:{slack.port}", "NO_PROXY": ""}
            async with courier({"ops": url}, extra=around) as post:
                sent = await post.send("ops", LETTER)
                assert sent.ok, sent.detail
                failed = await post.send("ops", LETTER)
        assert set(slack.connects) == {"hooks.slack.com:443"}
        assert slack.paths[0] == "/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
        assert "sending fails" in json.dumps(slack.posts[0], ensure_ascii=False)
        assert not failed.ok
        assert failed.detail.startswith(
            "the service does not know this webhook or room (deleted?): make a new one"
        )
        for secret in ("T1JJ3T3L2", "A1BRTD4JD", "TIiajkdnlazkcOXrIdevi7FQ"):
            assert secret not in failed.detail

    asyncio.run(story())


def test_a_wrong_password_says_what_to_do_and_gives_nothing_away(authority: Authority) -> None:
    async def story() -> None:
        async with mail_server(authority) as mail:
            urls = {"ops": mail.url(password="wr0ng-and-secret")}
            async with courier(urls, extra=authority.trusted) as post:
                failed = await post.send("ops", LETTER)
        assert (failed.ok, failed.permanent) == (False, False)
        assert failed.detail.startswith(
            "the mail server refused the login: put the right user and password into the channel's address"
        )
        assert "535" in failed.detail
        for secret in ("wr0ng-and-secret", "ops@example.org", "mailtos"):
            assert secret not in failed.detail
        assert "refused" in mail.logins
        assert mail.arrived == []

    asyncio.run(story())


def test_a_certificate_nobody_vouches_for_is_refused_with_the_variable_that_helps(authority: Authority) -> None:
    async def story() -> None:
        async with mail_server(authority) as mail, courier({"ops": mail.url()}) as post:
            failed = await post.send("ops", LETTER)
        assert not failed.ok
        assert "SSL_CERT_FILE" in failed.detail
        assert mail.logins == []

    asyncio.run(story())


TWO = "ops@example.org,gone@example.org"


def test_a_recipient_refused_once_does_not_cost_the_others_a_second_mail(authority: Authority) -> None:
    async def story() -> None:
        async with (
            mail_server(authority, refused={"gone@example.org"}) as mail,
            courier({"ops": mail.url(to=TWO)}, extra=authority.trusted, quiet_ms=300) as post,
        ):
            first = await post.send("ops", LETTER)
            assert not first.ok
            assert first.detail.startswith("the mail server refused a recipient or the sender")
            await _until_gone(post, "ops")
            mail.held = asyncio.Event()
            cut_short = asyncio.create_task(post.send("ops", LETTER))
            await mail.came.wait()
            os.kill(post.pid_of("ops") or 0, signal.SIGKILL)
            assert not (await cut_short).ok
            mail.held = None
            mail.refused.clear()
            assert (await post.send("ops", LETTER)).ok
            assert sorted(mail.recipients) == [["gone@example.org"], ["ops@example.org"]]
            assert (await post.send("ops", LETTER)).ok
            assert len(mail.recipients) == 4, "once delivered, the same letter may be sent again"

    asyncio.run(story())


def test_who_had_a_letter_is_remembered_for_a_bounded_number_of_letters(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wamon.notifier.courier._REMEMBERED_LETTERS", 1)

    async def story() -> None:
        async with (
            mail_server(authority, refused={"gone@example.org"}) as mail,
            courier({"ops": mail.url(to=TWO)}, extra=authority.trusted) as post,
        ):
            for key in ("older", "newer", "newer", "older"):
                assert not (await post.send("ops", letter(key=key))).ok
            assert mail.recipients == [["ops@example.org"]] * 3

    asyncio.run(story())


def test_a_service_with_a_limit_gets_a_long_letter_in_pieces_and_the_whole_of_it(authority: Authority) -> None:
    body = "\n".join(f"line {number} of a long letter" for number in range(150))

    async def story() -> None:
        context = authority.server_context("discord.com")
        async with proxied_sink(context, answer_body=b"{}") as discord:
            around = authority.trusted | {"HTTPS_PROXY": f"http://127.0.0.1:{discord.port}", "NO_PROXY": ""}
            async with courier({"ops": f"discord://{'4' * 18}/{'Ab3-' * 17}"}, extra=around) as post:
                sent = await post.send("ops", letter(body=body))
                assert sent.ok, sent.detail
        pieces = [post["content"] for post in discord.posts]
        assert len(pieces) > 1
        assert all(f"line {number} of" in "\n".join(pieces) for number in range(150))

    asyncio.run(story())


def test_a_failure_speaks_only_of_its_own_attempt() -> None:
    async def story() -> None:
        async with json_sink(answers=[500, 404]) as sink, courier({"web": sink.url}) as post:
            assert "error=500" in (await post.send("web", LETTER)).detail
            second = (await post.send("web", LETTER)).detail
            assert "error=404" in second
            assert "error=500" not in second

    asyncio.run(story())


TALKATIVE = """
import sys

class Talkative:
    def find_spec(self, name, path=None, target=None):
        if name == "apprise":
            print("a library that prints", flush=True)

sys.meta_path.insert(0, Talkative())
"""


def test_a_library_that_prints_garbles_no_answer(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(TALKATIVE)

    async def story() -> None:
        async with (
            json_sink() as sink,
            courier({"web": sink.url}, extra={"PYTHONPATH": str(tmp_path)}) as post,
        ):
            sent = await post.send("web", LETTER)
            assert sent.ok, sent.detail

    asyncio.run(story())


UNDERSTOOD = {
    "nosuch://x": "not understood",
    "mailto://": "not understood",
    "json://127.0.0.1:1/": None,
    "json://127.0.0.1:1/, json://127.0.0.1:2/": "the address holds 2 services",
    "http://[::1": "not understood",
    "": "not understood",
}


def test_addresses_are_read_at_start_without_sending_anything() -> None:
    async def story() -> None:
        urls = {f"channel {number}": url for number, url in enumerate(UNDERSTOOD)}
        before = _proc(os.getpid(), f"task/{os.getpid()}/children").split()  # other tests may have left theirs
        async with courier(urls) as post:
            wrong = await post.validate()
            after = _proc(os.getpid(), f"task/{os.getpid()}/children").split()
            assert set(after) <= set(before), "the reading child is gone"
        for (channel, _), expected in zip(urls.items(), UNDERSTOOD.values(), strict=True):
            assert (expected is None) == (channel not in wrong)
            assert (expected or "") in wrong.get(channel, "")

    asyncio.run(story())


def test_an_address_nothing_understands_is_a_failure_for_good() -> None:
    async def story() -> None:
        async with courier({"ops": "nosuch://user:geheim@x"}) as post:
            failed = await post.send("ops", LETTER)
            unknown = await post.send("dev", LETTER)
        assert (failed.ok, failed.permanent) == (False, True)
        assert "mailtos://user:password@host" in failed.detail
        assert "geheim" not in failed.detail
        assert (unknown.ok, unknown.permanent) == (False, True)
        assert unknown.detail == "no channel is named dev: configured are ops"

    asyncio.run(story())


def test_an_optional_or_retrying_address_still_tells_the_truth_once() -> None:
    async def story() -> None:
        async with (
            json_sink(answers=[500, 500, 500]) as sink,
            courier({"web": f"{sink.url}?optional=yes&retry=5&wait=0"}) as post,
        ):
            failed = await post.send("web", LETTER)
            assert not failed.ok
            assert failed.detail.startswith("the service itself is in trouble: it is tried again later")
            assert len(sink.paths) == 1

    asyncio.run(story())


def test_a_redirect_is_not_followed_with_the_secret() -> None:
    async def story() -> None:
        async with json_sink(answers=[307]) as sink, courier({"web": sink.url}) as post:
            assert not (await post.send("web", LETTER)).ok
            assert len(sink.paths) == 1

    asyncio.run(story())


def test_hung_channels_delay_no_other_and_are_ended_at_the_deadline() -> None:
    async def story() -> None:
        async with AsyncExitStack() as stack:
            dripping = await stack.enter_async_context(dripping_mail_server())
            hole = await stack.enter_async_context(black_hole())
            healthy = await stack.enter_async_context(json_sink())
            urls = {
                "drip": f"mailto://u:p@127.0.0.1:{dripping}?from=a@example.org&to=b@example.org",
                "hole": f"json://127.0.0.1:{hole}/",
                "well": healthy.url,
            }
            post = await stack.enter_async_context(courier(urls, deadline_ms=4_000))
            start = time.monotonic()
            hung = [asyncio.create_task(post.send(channel, LETTER)) for channel in ("drip", "hole")]
            well = [await post.send("well", letter(key=str(number))) for number in range(3)]
            assert all(one.ok for one in well)
            assert not any(task.done() for task in hung), "the healthy channel was waiting for the hung ones"
            pids = [post.pid_of("drip"), post.pid_of("hole")]
            ended = await asyncio.gather(*hung)
            assert 3.9 <= time.monotonic() - start < 6.0
        for one in ended:
            assert (one.ok, one.permanent) == (False, False)
            assert one.detail.startswith("no answer within 4 s, the attempt was ended: look for a firewall")
        assert not any(_alive(pid) for pid in pids if pid)

    asyncio.run(story())


def test_the_courier_closes_within_five_seconds_however_its_channels_hang() -> None:
    async def story() -> None:
        async with black_hole() as hole:
            post = Courier({"a": f"json://127.0.0.1:{hole}/", "b": f"json://127.0.0.1:{hole}/b"})
            sends = [asyncio.create_task(post.send(channel, LETTER)) for channel in ("a", "b", "a")]
            await _until(lambda: post.pid_of("a") and post.pid_of("b"))
            pids = [post.pid_of("a"), post.pid_of("b")]
            start = time.monotonic()
            await post.close()
            assert time.monotonic() - start < 5.0
            for one in await asyncio.gather(*sends):
                assert one.detail == "wamon is stopping: it is tried again after the next start"
            assert not any(_alive(pid) for pid in pids if pid)

    asyncio.run(story())


def test_a_letter_under_way_at_closing_may_still_arrive() -> None:
    async def story() -> None:
        async with json_sink(held=asyncio.Event()) as sink:
            post = Courier({"web": sink.url})
            sending = asyncio.create_task(post.send("web", LETTER))
            await sink.came.wait()
            closing = asyncio.create_task(post.close())
            await asyncio.sleep(0)
            assert sink.held is not None
            sink.held.set()
            assert (await sending).ok
            await closing

    asyncio.run(story())


def test_a_child_killed_while_it_sends_is_a_failure_and_the_next_letter_gets_a_new_one() -> None:
    async def story() -> None:
        async with json_sink(held=asyncio.Event()) as sink, courier({"web": sink.url}) as post:
            sending = asyncio.create_task(post.send("web", LETTER))
            await sink.came.wait()
            killed = post.pid_of("web")
            assert killed is not None
            os.kill(killed, signal.SIGKILL)
            failed = await sending
            assert (failed.ok, failed.permanent) == (False, False)
            assert failed.detail == "the sending process ended with -9: it is tried again"
            sink.held = None
            assert (await post.send("web", LETTER)).ok
            assert post.pid_of("web") != killed

    asyncio.run(story())


def test_whoever_stops_waiting_leaves_no_child_with_a_half_told_answer() -> None:
    async def story() -> None:
        async with json_sink(held=asyncio.Event()) as sink, courier({"web": sink.url}) as post:
            sending = asyncio.create_task(post.send("web", LETTER))
            await sink.came.wait()
            pid = post.pid_of("web")
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
            assert pid is not None
            assert not _alive(pid)
            sink.held = None
            assert (await post.send("web", letter("the next"))).ok
            assert sink.titles == ["the next"]

    asyncio.run(story())


def test_a_child_ends_after_its_quiet_time_and_is_started_again_when_needed() -> None:
    async def story() -> None:
        async with json_sink() as sink, courier({"web": sink.url}, quiet_ms=300) as post:
            assert post.pid_of("web") is None, "no child before the first letter"
            assert (await post.send("web", LETTER)).ok
            first = post.pid_of("web")
            await _until_gone(post, "web")
            assert (await post.send("web", LETTER)).ok
            assert post.pid_of("web") != first

    asyncio.run(story())


ENDS_AS_A_LETTER_COMES = """
import os, select, sys

try:
    os.close(os.open({marker!r}, os.O_CREAT | os.O_EXCL))
except FileExistsError:
    pass
else:
    select.select([0], [], [])
    os._exit(0)
"""


def test_a_letter_handed_over_in_the_moment_a_child_ends_is_sent_all_the_same(tmp_path: Path) -> None:
    program = ENDS_AS_A_LETTER_COMES.format(marker=str(tmp_path / "ended once"))
    (tmp_path / "sitecustomize.py").write_text(program)

    async def story() -> None:
        async with (
            json_sink() as sink,
            courier({"web": sink.url}, extra={"PYTHONPATH": str(tmp_path)}) as post,
        ):
            sent = await post.send("web", LETTER)
            assert sent.ok, sent.detail
            assert (tmp_path / "ended once").exists()
            assert len(sink.posts) == 1

    asyncio.run(story())


def test_one_child_is_reused_while_letters_keep_coming() -> None:
    async def story() -> None:
        async with json_sink() as sink, courier({"web": sink.url}) as post:
            pids = []
            for number in range(5):
                assert (await post.send("web", letter(str(number)))).ok
                pids.append(post.pid_of("web"))
            assert len(set(pids)) == 1
            assert sink.titles == ["0", "1", "2", "3", "4"]

    asyncio.run(story())


def test_letters_of_one_channel_keep_their_order_and_never_overlap() -> None:
    async def story() -> None:
        async with json_sink() as sink, courier({"web": sink.url}) as post:
            await asyncio.gather(*(post.send("web", letter(str(number))) for number in range(8)))
            assert sink.titles == [str(number) for number in range(8)]

    asyncio.run(story())


def test_the_address_and_the_daemons_secrets_are_in_no_argv_and_no_environment(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAMON_OPS_URL", "canary-of-the-environment")
    for name, value in authority.trusted.items():
        monkeypatch.setenv(name, value)

    async def story() -> None:
        async with mail_server(authority) as mail:
            post = Courier({"ops": mail.url()})
            assert (await post.send("ops", LETTER)).ok
            pid = post.pid_of("ops")
            seen = _proc(pid, "cmdline") + _proc(pid, "environ")
            await post.close()
        assert b"wamon.notifier.child" in seen
        for secret in (PASSWORD, "s3kr1t", "mailtos", "canary-of-the-environment", "WAMON_OPS_URL"):
            assert secret.encode() not in seen

    asyncio.run(story())


DAEMON_SIDE = """
import asyncio, sys, urllib.request
from wamon.core.dispatching import Letter
from wamon.notifier.courier import Courier

async def main(url):
    post = Courier({"web": url})
    print(await post.validate(), (await post.send("web", Letter("k", "t", "b"))).ok)
    await post.close()

asyncio.run(main(sys.argv[1]))
print(sorted({name.split(".")[0] for name in sys.modules} & {"apprise", "requests", "smtplib", "yaml"}))
"""


def test_the_daemons_process_never_imports_apprise() -> None:
    async def story() -> bytes:
        async with json_sink() as sink:
            daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-c", DAEMON_SIDE, sink.url, stdout=subprocess.PIPE
            )
            said, _ = await daemon.communicate()
            return said

    assert asyncio.run(story()).decode().split("\n")[:2] == ["{} True", "[]"]


def test_a_child_does_not_outlive_a_daemon_that_was_killed() -> None:
    async def story() -> None:
        async with json_sink(held=asyncio.Event()) as sink:
            daemon = await asyncio.create_subprocess_exec(
                sys.executable, "-c", DAEMON_SIDE.replace("await post.validate()", "1"), sink.url
            )
            await sink.came.wait()
            children = _proc(daemon.pid, f"task/{daemon.pid}/children").split()
            assert children
            daemon.kill()
            await daemon.wait()
            await _until(lambda: not any(_alive(int(pid)) for pid in children), within_s=2.0)

    asyncio.run(story())


def _proc(pid: int | None, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


def _alive(pid: int) -> bool:
    """Running, that is: a zombie whose parent is gone is only waiting to be buried."""
    try:
        return _proc(pid, "stat").rpartition(b")")[2].split()[0] not in b"ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def _until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait for what nobody can signal: a process that ends."""
    async with asyncio.timeout(within_s):
        while not true():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def _until_gone(post: Courier, channel: str) -> None:
    await _until(lambda: post.pid_of(channel) is None)
