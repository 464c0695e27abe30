"""The endpoint's handshake the wrong way round: a verify token that must be refused."""

from collections.abc import Awaitable, Callable
from datetime import date
from zoneinfo import ZoneInfo

from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import HandshakeFacts
from wamon.core.observation import Phase
from wamon.core.timeline import day_of
from wamon.probes.webhook import wrong_token_request
from wamon.wiring import Askers, renewed
from wamon.work.bookkeeping import Bookkeeper


def wrong_token(name: str, askers: Askers, book: Bookkeeper, zone: ZoneInfo) -> Callable[[int], Awaitable[None]]:
    """What a job runs: ask with a wrong token, and tell of an endpoint that takes it, once a day."""

    async def refuse(now_ms: int) -> None:
        request = wrong_token_request(renewed(askers.aim(name)))
        seen = await askers.send(name, request, now_ms)
        accepted = seen.reached is Phase.ANSWERED and seen.http_status == 200 and seen.body == seen.expected_body
        if accepted:
            await book.enqueue([_wrong_token_taken(name, day_of(now_ms, zone), now_ms)])

    return refuse


def _wrong_token_taken(name: str, day: date, now_ms: int) -> Notice:
    return Notice(
        key=f"{name}:wrong-token:{day.isoformat()}",
        kind=Kind.ENDPOINT,
        phase=NoticePhase.NOTE,
        target=name,
        severity=Severity.URGENT,
        title=f"[URGENT] Our endpoint · a wrong verify token is accepted · {name}"
        " · do: compare hub.verify_token before echoing the challenge",
        facts=HandshakeFacts(now_ms),
        created_at_ms=now_ms,
    )
