"""``wamon doctor`` before real broken parts, all at once: each has its light, what was found and what to do."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.cli.platform import SECRETS, simulated
from tests.cli.program import wamon
from tests.running.daemon import configuration, free_port
from wamon.ledger import open_ledger
from wamon.simulator.simulator import Simulator
from wamon.simulator.world import ACCOUNT_ID, APP_SECRET, MANAGEMENT, PHONE_NUMBER_ID, SMALL_WORLD, Template

ELSEWHERE = "https://elsewhere.example/hook"


def broken_world() -> Simulator:
    """Nobody is subscribed, webhooks go elsewhere, a template is paused, a number blocked, a permission gone."""
    (account,), (number,) = SMALL_WORLD.accounts, SMALL_WORLD.numbers
    token, *others = SMALL_WORLD.tokens
    paused = (Template("wamon_canary", state="PAUSED"),)
    return Simulator(
        world=replace(
            SMALL_WORLD,
            oldest_version=20,
            tokens=(replace(token, scopes=(MANAGEMENT,)), *others),
            accounts=(replace(account, subscribed_app_ids=(), templates=paused),),
            numbers=(replace(number, can_send="BLOCKED", callback_url=ELSEWHERE),),
        )
    )


MORE = """
[network]
second_resolver = "127.0.0.1:{silent}"
[receiver]
public_url = "http://127.0.0.1:{nobody}/webhook"
verify_token = "env:T_VERIFY"
app_secret = "env:T_APP_SECRET"
[[targets]]
name = "send"
probe = "message"
phone_number_id = "{number}"
to = "15550000000"
template = "wamon_canary"
[[targets]]
name = "control-3"
probe = "control"
url = "http://nobody.invalid/"
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What the doctor says, by part and light."""
    folder = tmp_path_factory.mktemp("broken")
    with simulated(broken_world()) as platform:
        more = MORE.format(silent=free_port(), nobody=free_port(), number=PHONE_NUMBER_ID)
        text = configuration(platform, folder, free_port(), more)
        config = folder / "wamon.toml"
        config.write_text(text.replace("[reference]", f'waba_id = "{ACCOUNT_ID}"\nversion = "v20.0"\n[reference]'))
        damaged(folder / "wamon.db")
        ended = wamon("doctor", "-c", config, "--json", **SECRETS, T_APP_SECRET=APP_SECRET)
    assert ended.code == 1
    assert ended.document["state"] == "red"
    return {(one["part"], one["light"]): one for one in ended.document["parts"]}


def damaged(path: Path) -> None:
    """A ledger of which a page in the middle was overwritten."""
    asyncio.run(open_ledger(path).close())
    page = path.read_bytes()
    middle = len(page) // 2 // 4096 * 4096
    path.write_bytes(page[:middle] + b"\xa5" * 4096 + page[middle + 4096 :])


SAID = {
    ("token of graph", "red"): ("permission", "whatsapp_business_messaging"),
    ("subscribed_apps of graph", "red"): ("no app gets the account's webhooks", "subscribe your app"),
    (f"number {PHONE_NUMBER_ID} of graph", "red"): ("", ""),
    ("template wamon_canary/en_US of graph", "red"): ("Meta says PAUSED", "no canary can be sent with it"),
    ("graph version of graph", "red"): ("Graph v20.0", ""),
    ("dns nobody.invalid", "red"): ("has no address", "resolvectl query nobody.invalid"),
    ("receiver", "red"): ("/webhook: ", "does the daemon run, does the proxy pass /webhook on"),
    ("database", "red"): ("", "stop the daemon, keep the file, and restore the latest backup"),
    ("daemon", "amber"): ("does not run", "systemctl start wamon"),
}


@pytest.mark.parametrize(("part", "words"), SAID.items(), ids=[f"{part} {light}" for part, light in SAID])
def test_every_broken_part_has_its_light_and_its_remedy(
    parts: dict[tuple[str, str], dict[str, Any]], part: tuple[str, str], words: tuple[str, str]
) -> None:
    assert part in parts, sorted(parts)
    found = parts[part]
    assert words[0] in found["said"]
    assert words[1] in found["remedy"]
    assert found["said"]
    assert found["remedy"], "whoever reads it at night must know what to do"
