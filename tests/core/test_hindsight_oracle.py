"""The pass against a brute-force oracle over generated ledgers: what turns, into what, and by which rule.

`python -m tests.core.test_hindsight_oracle 10000` plays as many as wanted.
"""

import json
import sys
from collections import Counter
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.core.hindsight import KNOWN, START, WITHIN, Said, Target, minute_ms, said, statuses, token, webhook
from tests.core.hindsight_oracle import EVIDENCE, WORDS, World, expected
from tests.support.soak import many
from wamon.core.gathering import Gathered
from wamon.core.knowledge import Controls, Knowledge, Look
from wamon.core.posted import Outage
from wamon.core.reclassification import Account, rejudge
from wamon.core.review import standing
from wamon.core.timeline import DAY, MINUTE, Span

LEDGERS = many(2_000, 10_000)
SHARES = 8
"""The gate plays them in so many parts, so that a failure names a small one."""

CODES: tuple[tuple[int, int | None], ...] = (
    (190, None),
    (190, None),
    (190, 463),
    (0, None),
    (10, None),
    (131005, None),
    (200, None),
    (200, 1349174),
    (100, None),
    (100, None),
    (100, 33),
    (131009, None),
    (132000, None),
    (2, None),
    (131016, None),
    (131016, None),
    (131000, None),
    (131000, None),
    (4, None),
    (4, None),
    (80007, None),
    (130429, None),
    (131026, None),
    (131057, None),
    (999999, None),
)
ABOUT_TOKENS = tuple(one for one in CODES if one[0] in (190, 0, 10, 131005, 200, 100))
SERVICES = (
    "whatsapp-business-api/Account management",
    "whatsapp-business-api/Cloud API",
    "graph-api",
    "facebook-login",
    "messenger",
)


class Dice(Random):
    """A story drawn at random, dense enough that the conditions of every rule meet now and then."""

    def minutes(self, most: int) -> list[float]:
        drawn = sorted(self.sample(range(80), self.randint(1, most)))
        return [one / 2 for one in drawn]

    def chance(self, share: float) -> bool:
        return self.random() < share

    def common(self) -> dict[str, Any]:
        """What any look at Graph has: token, request, version, site, usage."""
        headers = {}
        if self.chance(0.2):
            headers["facebook-api-version"] = self.choice(self.versions)
        if self.chance(0.4):
            headers["x-app-usage"] = json.dumps({"call_count": self.choice([1, 30, 60, 60, 85, 100])})
        return {
            "token_fingerprint": self.choice(self.used),
            "request_fingerprint": self.choice(["R", "R", "S", "B", None]),
            "headers": headers,
            "site": self.site,
        }

    def graph(self, minute: float, good: dict[str, Any]) -> Said:
        draw = self.random()
        if draw < 0.4:
            return said(minute, body=good) | self.common()
        if draw < 0.85:
            code, subcode = self.choice(self.codes)
            look = said(minute, code, subcode) | self.common()
            look["body"]["error"]["error_data"] = {"details": self.choice(["", *WORDS, "temporarily unavailable"])}
            return look
        if draw < 0.95:
            second = {"name": "9.9.9.9", "found": self.chance(0.3), "controls_found": self.chance(0.7)}
            lost = {"reached": "none", "failure": self.choice(["dns_error", "connect_timeout"])}
            asked = {"second_resolver": second} if self.chance(0.6) else {}
            return Said({"minute": minute} | self.common() | {"headers": {}} | lost | asked)
        return Said(
            {"minute": minute} | self.common() | {"headers": {}, "reached": "sent", "failure": "read_timeout"}
        )

    def node(self) -> dict[str, Any]:
        """A number's node, sometimes ailing, or a template's."""
        if self.chance(0.15):
            text = self.choice(["a", "a", "b"])
            status = self.choice(["APPROVED", "APPROVED", "PAUSED"])
            return {"id": "9", "name": "c", "language": "de", "status": status, "components": [{"text": text}]}
        if self.chance(0.4):
            return {"id": "1"}
        word = {"errors": [{"error_code": self.choice([141006, 141006, 999])}]}
        rows = [
            {"entity_type": kind, "can_send_message": "BLOCKED" if self.chance(self.sick) else "AVAILABLE"} | word
            for kind in ("PHONE_NUMBER", "WABA")
        ]
        state = "BANNED" if self.chance(self.sick) else "CONNECTED"
        return {"id": "1", "quality_rating": "GREEN", "status": state, "health_status": {"entities": rows}}

    def roundtrip(self, minute: float) -> Said:
        draw, wamid = self.random(), self.choice(["w1", "w2", "w3"])
        if draw < 0.3:
            return statuses(minute, {"id": wamid, "status": "delivered"})
        if draw < 0.6:
            code = self.choice([131000, 131016, 131026])
            return statuses(minute, {"id": wamid, "status": "failed", "errors": [{"code": code}]})
        waited = {"durations_ms": {"total": self.choice([30_000, 120_000])}} if self.chance(0.5) else {}
        return Said({"minute": minute, "reached": "sent", "failure": "read_timeout"} | waited)

    def hook(self, minute: float) -> Said:
        fine = {"http_status": 200, "body": "1"} if self.chance(0.5) else {"http_status": 503}
        return Said({"minute": minute, "reached": "answered"} | fine)

    def inspected(self, minute: float) -> Said:
        changed: dict[str, Any] = {}
        if self.chance(self.lying):
            changed["is_valid"] = False
        if self.chance(self.lying / 2):
            changed["scopes"] = self.choice([..., ["whatsapp_business_messaging"]])
        if self.chance(0.7):
            changed["app_id"] = self.choice(["A1", "A1", "A2"])
        if self.chance(0.1):
            return Said(minute=minute, http_status=500, body={"error": {"code": 2}}, token_fingerprint="T")
        return token(minute, self.choice("TTTU"), **changed)

    def told(self, minute: float) -> Said:
        draw = self.random()
        if draw < 0.3:
            return statuses(
                minute, {"id": self.choice(["w1", "w2", "w3"]), "status": self.choice(["read", "sent"])}
            )
        if draw < 0.5:
            return webhook(minute, "account_update", self.choice([None, minute - 3]), event="E")
        about = {"message_template_name": self.choice(["c", "c", "d"]), "message_template_language": "de"}
        if draw < 0.7:
            return webhook(minute, "message_template_components_update", **about)
        event = self.choice(["PAUSED", "PAUSED", "APPROVED", "FLAGGED"])
        return webhook(minute, "message_template_status_update", event=event, **about)

    def targets(self) -> list[Target]:
        """Two numbers of one account, another account with another app, and the evidence around them."""
        self.used, self.versions = self.choice(["T", "T", "TTTTTU"]), self.choice([["v25.0"], ["v24.0", "v25.0"]])
        self.codes = self.choice([CODES, CODES, CODES, ABOUT_TOKENS])
        self.sick, self.lying = self.choice([0.0, 0.15]), self.choice([0.0, 0.25])
        sites = [self.choice(["", "fra", "fra"]), self.choice(["", "ams", "fra"])]
        rows = []
        for name, probe, account, number, site in (
            ("api-1", "api", "one", "N1", sites[0]),
            ("api-2", "api", "one", self.choice(["N2", "N1", ""]), sites[1]),
            ("send", "message", self.choice(["one", "two"]), self.choice(["N1", "N3"]), sites[0]),
            ("api-3", "api", "two", "N3", sites[1]),
            ("edge", "edge", "one", "", sites[0]),
        ):
            self.site = site
            good = {"messages": [{"id": "w"}]} if probe == "message" else None
            looks = [self.graph(minute, good or self.node()) for minute in self.minutes(14)]
            who = {"number": number, "app": self.choice(["", "A1"]), "template": self.choice(["", "c/de"])}
            rows.append(Target(name, probe, looks, MINUTE, account, who))
        step = self.choice([MINUTE, 5 * MINUTE])
        rows.append(Target("back", "roundtrip", [self.roundtrip(one) for one in self.minutes(6)], MINUTE, "one"))
        rows.append(Target("hook", "webhook", [self.hook(one) for one in self.minutes(8)], step, "one"))
        rows.append(
            Target("token-1", "token", [self.inspected(one) for one in self.minutes(4)], 5 * MINUTE, "one")
        )
        rows.append(
            Target("token-2", "token", [self.inspected(one) for one in self.minutes(3)], 5 * MINUTE, "two")
        )
        rows.append(Target("told", "status", [self.told(one) for one in self.minutes(4)], MINUTE, "one"))
        return self.sample(rows, self.randint(3, len(rows)))

    def heard(self) -> Knowledge:
        controls = Controls()
        for name in self.sample(["c1", "c2"], self.randint(0, 2)):
            for minute in self.minutes(20):
                controls.add(name, Look(minute_ms(minute), minute_ms(minute), MINUTE, self.chance(0.2)))
        return Knowledge(KNOWN.catalogue, controls)

    def outages(self) -> tuple[Outage, ...]:
        found = []
        for _ in range(self.choice([0, 0, 0, 1, 2])):
            first = self.randint(-10, 110)
            until = None if self.chance(0.2) else minute_ms(first + self.randint(-40, 20))
            found.append(Outage(self.choice(SERVICES), minute_ms(first), until))
        return tuple(found)

    def world(self) -> World:
        targets = self.targets()
        accounts = [self.ruled(one.account_of()) for one in targets]
        gap = self.randint(0, 40)
        return World(
            accounts,
            [one.watched for one in targets],
            self.heard(),
            START + self.choice([2 * DAY, 2 * DAY, 9 * DAY]),
            self.outages(),
            (Span(minute_ms(gap), minute_ms(gap + 1)),) if self.chance(0.2) else (),
        )

    def ruled(self, account: Account) -> Account:
        """Sometimes a person has ruled on a look: then what stands is another look's finding."""
        if not account.marks or not self.chance(0.2):
            return account
        one, other = self.choice(account.marks), self.choice(account.marks)
        marks = [
            mark.__class__(mark.at_ms, mark.context, other.finding) if mark is one else mark
            for mark in account.marks
        ]
        return Account(account.target, account.account, marks, account.exchanges, frozenset({one.at_ms}))


def passed(world: World, *, twice: bool) -> dict[tuple[str, int], tuple[str, str, str, bool, str]]:
    """What the pass itself makes of it. ``twice``: with its rulings applied it must have nothing more to say."""
    first = _pass(world)
    accounts = [
        Account(one.target, one.account, standing(one.marks, first, one.target), one.exchanges, one.by_people)
        for one in world.accounts
    ]
    assert not twice or _pass(replace(world, accounts=accounts)) == []
    words = ((one.target, one.at_ms, one.finding) for one in first)
    return {
        (target, at_ms): (found.verdict, found.cause, found.column, found.provisional, found.rule)
        for target, at_ms, found in words
    }


def _pass(world: World) -> list[Any]:
    gathered = Gathered(
        world.accounts,
        world.targets,
        world.known,
        world.now_ms,
        outages=world.outages,
        unattended=world.unattended,
    )
    return [
        ruling
        for one in world.accounts
        if gathered.records[one.target].probe not in EVIDENCE
        for ruling in rejudge(one, gathered.history(one.target), WITHIN, "edition").rulings
    ]


def compare(seeds: range) -> Counter[str]:
    """How often each rule turned something; raises AssertionError at the first ledger that is judged otherwise."""
    turned: Counter[str] = Counter()
    for seed in seeds:
        world = Dice(seed).world()
        found, wanted = passed(world, twice=seed % 4 == 0), expected(world)
        assert found == wanted, f"seed {seed}: {sorted(set(found.items()) ^ set(wanted.items()))}"
        turned.update(words[-1] for words in found.values())
    return turned


@pytest.mark.grows
@pytest.mark.parametrize("share", range(SHARES))
def test_p12_the_pass_says_what_a_brute_force_oracle_says(share: int) -> None:
    part = LEDGERS // SHARES
    compare(range(share * part, (share + 1) * part))


def test_the_generated_ledgers_reach_every_rule() -> None:
    rules = "same_token_valid permission token_was_invalid same_request_accepted cured_by_a_change only_us"
    rules += " mixed_burst limit_not_ours controls_failed everywhere_but_there endpoint_was_down delivered_wins"
    reached = compare(range(10_000, 10_200))
    assert {*rules.split(), "meta_posted_it", "no_new_evidence"} <= set(reached)


if __name__ == "__main__":
    print(compare(range(int(sys.argv[1]))))
