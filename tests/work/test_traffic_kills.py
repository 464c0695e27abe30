"""Any story of webhooks, repeats and kills ends in the same minutes as a plain count of what Meta said."""

import asyncio
import tempfile
from pathlib import Path
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.work.test_traffic import NOON, Played
from wamon.core.minutes import GRACE_MS
from wamon.core.timeline import MINUTE, Span

STATUSES = {"sent": None, "delivered": None, "read": None, "failed": 131016}
FURTHER = list(STATUSES)


class Step(NamedTuple):
    """One status of one message, and whether a kill follows: before it was heard of, or after."""

    message: int
    status: str
    kill: str

    @property
    def minute(self) -> int:
        """A status has one instant, however often it is told; half of the messages cross a minute."""
        return (self.message + FURTHER.index(self.status)) % 2


steps = st.lists(
    st.builds(
        Step,
        st.integers(0, 11),
        st.sampled_from(["sent", "delivered", "read", "failed"]),
        st.sampled_from(["", "", "", "", "after", "before"]),
    ),
    max_size=30,
)


def counted(told: list[Step]) -> dict[int, str]:
    """The column of each minute with five messages of which more is said than that they were read."""
    columns = {}
    for minute in (0, 1):
        said: dict[int, set[str]] = {}
        for one in told:
            if one.minute == minute:
                said.setdefault(one.message, set()).add(one.status)
        known = [words for words in said.values() if words != {"read"}]
        failed = sum("failed" in words and not words & {"delivered", "read"} for words in known)
        if len(known) >= 5:
            columns[minute] = "down" if 2 * failed >= len(known) else "up"
    return columns


@settings(max_examples=15)
@given(steps)
def test_minutes_are_what_meta_said_whatever_was_killed(told: list[Step]) -> None:
    async def story(folder: Path) -> None:
        played = Played(folder)
        try:
            await played.begin()
            played.now_ms += 2 * MINUTE
            for one in told:
                await played.tell(
                    f"wamid.{one.message}",
                    one.status,
                    STATUSES[one.status],
                    at_ms=NOON + one.minute * MINUTE,
                    heard=one.kill != "before",
                )
                if one.kill:
                    played.now_ms = NOON + MINUTE  # a start judges what is over; here nothing is yet
                    await played.begin()
                    played.now_ms = NOON + 2 * MINUTE
            await played.judge(GRACE_MS)
            await played.judge(MINUTE)
            await played.begin()
            marks = await played.book.marks("real", Span(0, NOON + 9 * MINUTE))
            found = {(one.at_ms - NOON) // MINUTE: one.finding.column.value for one in marks}
            assert found == counted(told)
            assert sum(played.tally.targets["real"].verdicts.values()) == 0, "the last start judged nothing again"
        finally:
            await played.ledger.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(story(Path(folder)))
