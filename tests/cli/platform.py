"""The simulated platform beside a test: it listens in a thread of its own, the program asks it from outside."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCESS_TOKEN, PHONE_NUMBER_ID, VERIFY_TOKEN

SECRETS = {"T_ACCESS": ACCESS_TOKEN, "T_VERIFY": VERIFY_TOKEN}


@contextmanager
def simulated(simulator: Simulator | None = None) -> Iterator[Simulator]:
    """A quiet platform; its ``faults`` and ``receiver`` may be changed while nothing is asked."""
    loop, simulator = asyncio.new_event_loop(), simulator or Simulator()
    ready = threading.Event()

    async def live() -> None:
        async with simulator:
            ready.set()
            await ended.wait()

    ended = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(live()))
    thread.start()
    try:
        assert ready.wait(10), "the platform does not listen"
        yield simulator
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def configured(path: Path, simulator: Simulator, more: str = "") -> Path:
    """A configuration that watches it: an API and a webhook target, and two controls."""
    first, second = simulator.control_urls
    path.write_text(
        f"""
[graph]
base_url = "{simulator.base_url}"
access_token = "env:T_ACCESS"

[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "{PHONE_NUMBER_ID}"

[[targets]]
name = "webhook"
probe = "webhook"
url = "{simulator.webhook_url}"
verify_token = "env:T_VERIFY"

[[targets]]
name = "control-1"
probe = "control"
url = "{first}"

[[targets]]
name = "control-2"
probe = "control"
url = "{second}"
{more}"""
    )
    return path
