"""The table of hindsight once more, slow and obvious: plain lists, walked from end to end for every look.

Written from the table's text and the decisions about it, not from the code it checks. Only the live rules are
shared: they are checked elsewhere.
"""

from dataclasses import dataclass
from typing import Any

from wamon.core.finding import Finding
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange
from wamon.core.posted import Outage
from wamon.core.reclassification import Account
from wamon.core.timeline import Span
from wamon.core.watched import Watched

MINUTE, HOUR = 60_000, 3_600_000
DAY = 24 * HOUR
BOTH = {"whatsapp_business_management", "whatsapp_business_messaging"}
WORDS = {"There is a problem with the payment method": "payment", "This account has been restricted": "integrity"}
"""Details that name a cause of ours; all others name none."""

EVIDENCE = ("token", "control", "status")
Words = tuple[str, str, str, bool, str]
"""Verdict, cause, column, provisional, rule."""


@dataclass
class Look:
    """One look of one target with everything that is known of it."""

    target: Watched
    at_ms: int
    context: Any
    stands: Finding
    found: Finding
    exchange: Exchange | None
    by_person: bool


@dataclass
class World:
    """Everything a pass is given."""

    accounts: list[Account]
    targets: list[Watched]
    known: Knowledge
    now_ms: int
    outages: tuple[Outage, ...] = ()
    unattended: tuple[Span, ...] = ()

    def looks(self) -> list[Look]:
        watched = {one.name: one for one in self.targets}
        return [
            Look(
                watched[account.target],
                mark.at_ms,
                mark.context,
                mark.finding,
                judge(account.exchanges[mark.at_ms], self.known)
                if mark.at_ms in account.exchanges
                else mark.finding,
                account.exchanges.get(mark.at_ms),
                mark.at_ms in account.by_people,
            )
            for account in self.accounts
            for mark in account.marks
        ]


def expected(world: World) -> dict[tuple[str, int], Words]:
    """What stands of every judged look after the pass, where it says something else than before."""
    table = Table(world)
    found: dict[tuple[str, int], Words] = {}
    for look in table.looks:
        if look.target.probe in EVIDENCE or look.by_person or look.exchange is None or look.found.verdict == "ok":
            continue
        words = table.ruled(look)
        before = look.stands
        if words[:4] != (before.verdict, before.cause, before.column, before.provisional):
            found[look.target.name, look.at_ms] = words
    return found


class Table:
    """The rows of the table, each asking all looks there are."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.looks = world.looks()

    def ruled(self, look: Look) -> Words:
        words = self.first(look, self.rows_before_burst())
        return words or self.mixed_burst(look) or self.first(look, self.rows_after_burst()) or as_found(look)

    def by_own_evidence(self, look: Look) -> Words:
        if look.by_person:
            return words_of(look.stands)
        if look.exchange is None or look.found.verdict == "ok":
            return words_of(look.found)
        above = self.first(look, self.rows_before_burst())
        below = self.first(look, self.rows_after_burst())
        acquitted = below is not None and below[2] != "down"
        return above or (below if acquitted else None) or as_found(look)

    def first(self, look: Look, rows: list[Any]) -> Words | None:
        for row in rows:
            words = row(look)
            if words is not None:
                return words
        return None

    def rows_before_burst(self) -> list[Any]:
        return [
            self.same_token_valid,
            self.permission,
            self.token_was_invalid,
            self.same_request_accepted,
            self.cured_by_a_change,
            self.only_us,
        ]

    def rows_after_burst(self) -> list[Any]:
        return [
            self.limit_not_ours,
            self.controls_failed,
            self.everywhere_but_there,
            self.endpoint_was_down,
            self.delivered_wins,
            self.meta_posted_it,
            self.no_new_evidence,
        ]

    # ------------------------------------------------------------------ who is who

    def own(self, look: Look) -> list[Look]:
        return sorted((one for one in self.looks if one.target == look.target), key=lambda one: one.at_ms)

    def account(self, look: Look) -> list[Look]:
        return [one for one in self.looks if one.target.account == look.target.account]

    def app(self, target: Watched) -> str:
        statements = [one for one in self.looks if one.target.probe == "token" and facts(one) is not None]
        mine = [one for one in self.looks if one.target == target]
        tokens = [one.context.token_fingerprint for one in mine if one.context.token_fingerprint]
        for token in tokens:
            named = [facts(one)["app_id"] for one in in_time(statements) if one.context.token_fingerprint == token]
            if any(named):
                return [one for one in named if one][-1]
        ids = {facts(one)["app_id"] for one in statements if one.target.account == target.account} - {""}
        return next(iter(ids)) if len(ids) == 1 else target.app

    def episode(self, look: Look) -> tuple[list[Look], list[Look]]:
        """The neighbours of the same verdict and cause, and the same with one more on either side."""
        own = self.own(look)
        place = first = last = own.index(look)
        same = (look.found.verdict, look.found.cause)
        while first > 0 and (own[first - 1].found.verdict, own[first - 1].found.cause) == same:
            first -= 1
        while last + 1 < len(own) and (own[last + 1].found.verdict, own[last + 1].found.cause) == same:
            last += 1
        assert first <= place <= last
        return own[first : last + 1], own[max(0, first - 1) : last + 2]

    # ------------------------------------------------------------------ the token

    def statements(self, look: Look, token: str | None) -> list[Look]:
        """What was said of a token during the episode; else within one interval before and after."""
        members, _ = self.episode(look)
        start, end = members[0].at_ms, members[-1].at_ms
        said = [
            one
            for one in self.looks
            if one.target.probe == "token" and facts(one) is not None and one.context.token_fingerprint == token
            if token is not None or one.target.account == look.target.account
        ]
        during = [one for one in said if start <= one.at_ms <= end]
        if during:
            return during
        return [
            one
            for one in said
            if start - one.target.interval_ms <= one.at_ms < start
            or end < one.at_ms <= end + one.target.interval_ms
        ]

    def called_valid(self, look: Look) -> bool:
        members, _ = self.episode(look)
        said = self.statements(look, look.context.token_fingerprint)
        if not said or not all(good(one) for one in said):
            return False
        inside = [one for one in said if members[0].at_ms <= one.at_ms <= members[-1].at_ms]
        before = [one for one in said if one.at_ms < members[0].at_ms]
        after = [one for one in said if one.at_ms > members[-1].at_ms]
        return bool(inside or (before and after))

    def called_invalid(self, look: Look, token: str | None) -> bool:
        said = self.statements(look, token)
        return any(bad(one) for one in said) and not any(good(one) for one in said)

    def innocent(self, look: Look) -> bool:
        """All that the row asks for besides the code."""
        members, around = self.episode(look)
        rotated = len({one.context.token_fingerprint for one in around}) > 1
        versions = {one.context.served_version for one in around} - {None}
        happened = [
            event
            for one in self.account(look)
            if one.target.probe == "status" and one.exchange is not None
            for event in account_events(one)
        ]
        eventful = any(around[0].at_ms <= event <= around[-1].at_ms for event in happened)
        return (
            self.called_valid(look)
            and not rotated
            and len(versions) < 2
            and not eventful
            and not self.ailing(look, members)
        )

    def healths(self, look: Look, members: list[Look], reach: int) -> list[tuple[Watched, Any]]:
        """Of each target of the account: words during it, the last before and the first after, if near enough."""
        start, end = members[0].at_ms, members[-1].at_ms
        found = []
        for target in {one.target.name: one.target for one in self.account(look)}.values():
            told = [one for one in in_time(self.looks) if one.target == target and one.context.told.health]
            before = [one for one in told if start - reach <= one.at_ms < start][-1:]
            during = [one for one in told if start <= one.at_ms <= end]
            after = [one for one in told if end < one.at_ms <= end + reach][:1]
            found += [(target, one) for one in (*before, *during, *after)]
        return found

    def ailing(self, look: Look, members: list[Look]) -> bool:
        for target, one in self.healths(look, members, DAY):
            health = one.context.told.health
            own = same_number(target, look.target)
            if (health.blocked and (own or health.wide)) or (own and health.connected is False):
                return True
        return False

    def same_token_valid(self, look: Look) -> Words | None:
        code, subcode = look.found.code, look.found.subcode
        firm = code == 190 and subcode in range(458, 465)
        if look.found.verdict == "user_error" and code in (190, 0, 102) and not firm and self.innocent(look):
            return metas(look, "same_token_valid")
        return None

    def permission(self, look: Look) -> Words | None:
        code, subcode = look.found.code, look.found.subcode
        listed = (
            code in (3, 10, 131005) or (code is not None and 200 <= code <= 299) or (code, subcode) == (100, 33)
        )
        doubtful = look.found.provisional or (code, subcode) == (200, None)
        if look.found.verdict != "user_error" or not listed or not doubtful or not self.innocent(look):
            return None
        if self.unrelated_app_fails(look) or self.posted(look, look.found.cause):
            return metas(look, "permission")
        return None

    def unrelated_app_fails(self, look: Look) -> bool:
        members, _ = self.episode(look)
        reach = look.target.interval_ms
        for one in self.looks:
            near = members[0].at_ms - reach <= one.at_ms <= members[-1].at_ms + reach
            apps = self.app(one.target), self.app(look.target)
            foreign = all(apps) and apps[0] != apps[1] and one.target.probe not in EVIDENCE
            refused = one.found.verdict == "user_error" and one.found.provisional
            about = one.found.cause in ("authentication", "permission")
            invalid = near and self.called_invalid(look, one.context.token_fingerprint)
            if near and foreign and refused and about and not invalid:
                return True
        return False

    def token_was_invalid(self, look: Look) -> Words | None:
        if look.found.verdict != "user_error" or look.found.cause not in ("authentication", "permission"):
            return None
        token = look.context.token_fingerprint
        if self.called_invalid(look, token):
            return ours(look, "token_was_invalid")
        if self.statements(look, token) or look.found.cause != "authentication" or token is None:
            return None
        members, _ = self.episode(look)
        used = [one for one in self.account(look) if one.target.probe not in EVIDENCE]
        old = [one for one in used if one.context.token_fingerprint == token]
        if any(one.found.verdict == "ok" and one.at_ms > members[0].at_ms for one in old):
            return None
        refused = [one.at_ms for one in old if one.found.cause == "authentication"]
        for new in used:
            other = new.context.token_fingerprint not in (token, None)
            if other and new.found.verdict == "ok" and members[-1].at_ms < new.at_ms < max(refused):
                return ours(look, "token_was_invalid")
        return None

    # ------------------------------------------------------------------ the request

    def same_request_accepted(self, look: Look) -> Words | None:
        found, request = look.found, look.context.request_fingerprint
        listed = found.code in (100, 131008, 131009, 135000, 132000, 132012) and (found.code, found.subcode) != (
            100,
            33,
        )
        if found.verdict != "user_error" or not found.provisional or not listed or request is None:
            return None
        same = [
            one.at_ms
            for one in self.looks
            if one.found.verdict == "ok" and one.context.request_fingerprint == request
            if one.context.served_version == look.context.served_version
        ]
        before = [at for at in same if look.at_ms - DAY <= at < look.at_ms]
        after = [at for at in same if look.at_ms < at <= look.at_ms + DAY]
        if not before or not after:
            return None
        if found.code in (132000, 132012) and not self.template_unchanged(look, max(before), min(after)):
            return None
        return metas(look, "same_request_accepted")

    def template_unchanged(self, look: Look, start: int, end: int) -> bool:
        shown = [
            (one.at_ms, word.components)
            for one in in_time(self.account(look))
            for word in one.context.told.templates
            if f"{word.name}/{word.language}" == look.target.template and word.components
        ]
        before = [at for at, _ in shown if at <= start]
        after = [at for at, _ in shown if at >= end]
        if not before or not after:
            return False
        first, last = max(before), min(after)
        changes = [
            at for at, name, event in self.template_events(look) if event is None and name == look.target.template
        ]
        same = len({text for at, text in shown if first <= at <= last}) == 1
        return same and not any(first <= at <= last for at in changes)

    def template_events(self, look: Look) -> list[tuple[int, str, str | None]]:
        """When, which template, and Meta's word; no word where somebody changed it."""
        found = []
        for one in self.account(look):
            for at_ms, field, value in changes_in(one) if one.target.probe == "status" else ():
                name = f"{value.get('message_template_name')}/{value.get('message_template_language')}"
                if field == "message_template_components_update":
                    found.append((at_ms, name, None))
                if field == "message_template_status_update":
                    found.append((at_ms, name, value["event"]))
        return sorted(found, key=lambda one: one[0])

    def cured_by_a_change(self, look: Look) -> Words | None:
        found, request = look.found, look.context.request_fingerprint
        about = found.cause in ("validation", "template", "media", "unmapped")
        if found.verdict != "user_error" or not found.provisional or not about or request is None:
            return None
        good_ones = [one for one in self.looks if one.found.verdict == "ok" and one.context.request_fingerprint]
        ever = any(one.context.request_fingerprint == request for one in good_ones)
        another = any(
            one.target == look.target and one.context.request_fingerprint != request and one.at_ms > look.at_ms
            for one in good_ones
        )
        if ever or not another or self.amid_faults(look, lambda one: words_of(one.found)):
            return None
        return ours(look, "cured_by_a_change")

    # ------------------------------------------------------------------ the number

    def only_us(self, look: Look) -> Words | None:
        found = look.found
        generic = found.verdict == "system_error" and found.provisional and found.code not in (None, 2, 131016)
        cause = self.named(look) if generic else None
        if cause is None:
            return None
        served = 0
        for target in self.world.targets:
            if target.probe != look.target.probe or target.name == look.target.name:
                continue
            if target.number and target.number == look.target.number:
                continue
            sides = self.sides(target, look.at_ms)
            if any(one.found.column == "down" for one in sides):
                return None
            served += bool(sides) and all(one.found.verdict == "ok" for one in sides)
        return ("user_error", cause, "user", False, "only_us") if served else None

    def named(self, look: Look) -> str | None:
        body = look.exchange.body if look.exchange else {}
        details = body.get("error", {}).get("error_data", {}).get("details", "")
        if details in WORDS:
            return WORDS[details]
        members, _ = self.episode(look)
        said = [one for target, one in self.healths(look, members, HOUR) if same_number(target, look.target)]
        reasons = {one.context.told.health.code if one.context.told.health.blocked else None for one in said}
        both = any(one.at_ms <= members[-1].at_ms for one in said) and any(
            one.at_ms >= members[0].at_ms for one in said
        )
        if reasons == {141006} and both:
            return "payment"
        usable, stopped = ("APPROVED", "REINSTATED"), ("PAUSED", "DISABLED", "REJECTED")
        words = sorted(
            [
                (at, event)
                for at, name, event in self.template_events(look)
                if name == look.target.template and event in usable + stopped
            ]
            + [
                (one.at_ms, word.template_status)
                for one in self.account(look)
                for word in one.context.told.templates
                if f"{word.name}/{word.language}" == look.target.template
                if word.template_status in usable + stopped
            ],
            key=lambda one: one[0],
        )
        known = [event for at, event in words if at <= look.at_ms and look.target.template]
        return "template" if known and known[-1] in stopped else None

    def sides(self, target: Watched, at_ms: int) -> list[Look]:
        """The nearest looks on both sides, each within one of its intervals; else none. One at it is enough."""
        rows = [one for one in in_time(self.looks) if one.target == target]
        exact = [one for one in rows if one.at_ms == at_ms]
        if exact:
            return exact
        before = [one for one in rows if one.at_ms < at_ms][-1:]
        after = [one for one in rows if one.at_ms > at_ms][:1]
        near = [one for one in before + after if abs(one.at_ms - at_ms) <= one.context.interval_ms]
        return near if len(near) == 2 else []

    # ------------------------------------------------------------------ bursts and limits

    def amid_faults(self, look: Look, words: Any) -> bool:
        """The nearest looks that blame the platform lie on both sides within 3 P, no good one between."""
        own = self.own(look)
        place = own.index(look)
        for row in (list(reversed(own[:place])), own[place + 1 :]):
            near = [one for one in row if abs(one.at_ms - look.at_ms) <= 3 * look.context.interval_ms]
            kinds = [
                "fault" if verdict in ("system_error", "missed_success") and column == "down" else verdict
                for verdict, _, column, _, _ in map(words, near)
            ]
            decisive = [kind for kind in kinds if kind in ("fault", "ok")]
            if decisive[:1] != ["fault"]:
                return False
        return True

    def mixed_burst(self, look: Look) -> Words | None:
        doubtful = look.found.verdict == "user_error" and look.found.provisional
        return metas(look, "mixed_burst") if doubtful and self.amid_faults(look, self.by_own_evidence) else None

    def limit_not_ours(self, look: Look) -> Words | None:
        found = look.found
        if found.verdict != "user_error" or found.cause != "throttling" or not found.provisional:
            return None
        members, _ = self.episode(look)
        start = members[0].at_ms - 10 * MINUTE
        readings = [
            (one.at_ms, one.context.told.usage)
            for one in self.account(look)
            if one.context.told.usage is not None and start <= one.at_ms <= look.at_ms
        ]
        calls = [
            one
            for one in self.account(look)
            if one.target.probe in ("api", "message", "token", "traffic")
            if look.at_ms - HOUR < one.at_ms <= look.at_ms
        ]
        answered = [
            one
            for one in self.own(look)
            if one.found.verdict == "ok" and members[0].at_ms - DAY <= one.at_ms <= members[0].at_ms
        ]
        limits = {"api": 5_000 if answered else 200, "message": 288_000}
        limit = limits.get(look.target.probe)
        if limit is None or not readings or max(used for _, used in readings) >= 80 or 2 * len(calls) >= limit:
            return None
        return metas(look, "limit_not_ours")

    # ------------------------------------------------------------------ the way there and back

    def controls_failed(self, look: Look) -> Words | None:
        second = look.exchange.second_resolver if look.exchange else None
        if look.found.cause != "local_network" or (second is not None and second.found):
            return None
        return (*words_of(look.found)[:4], "controls_failed")

    def everywhere_but_there(self, look: Look) -> Words | None:
        if look.found.verdict != "network_error" or look.found.cause != "path" or look.exchange is None:
            return None
        second = look.exchange.second_resolver
        resolvers = (
            look.exchange.failure == "dns_error"
            and not look.found.provisional
            and second is not None
            and second.controls_found
            and not second.found
        )
        if resolvers or self.other_sites_fail(look) or self.posted(look, "edge"):
            return ("system_error", "edge", "down", False, "everywhere_but_there")
        return None

    def other_sites_fail(self, look: Look) -> bool:
        site, together = look.context.site, 0
        for target in self.world.targets:
            if target.probe in (*EVIDENCE, "webhook") or target == look.target or not site:
                continue
            sides = self.sides(target, look.at_ms)
            if not sides or any(one.context.site in ("", site) for one in sides):
                continue
            if not all(one.found.cause == "path" and not one.found.provisional for one in sides):
                return False
            together += 1
        return together > 0

    def endpoint_was_down(self, look: Look) -> Words | None:
        if look.found.verdict != "missed_success" or look.target.probe != "roundtrip" or look.exchange is None:
            return None
        end = look.at_ms + (round(look.exchange.durations_ms.get("total", 0)) or 2 * MINUTE)
        if any(gap.start_ms <= end and look.at_ms < gap.end_ms for gap in self.world.unattended):
            return ours(look, "endpoint_was_down", "endpoint")
        down = False
        for target in self.world.targets:
            if target.probe != "webhook" or target.account != look.target.account:
                continue
            rows = [one for one in self.looks if one.target == target and look.at_ms <= one.at_ms <= end]
            rows = rows or self.sides(target, look.at_ms)
            if any(one.found.verdict == "ok" for one in rows):
                return None
            down = down or (bool(rows) and all(one.found.cause == "endpoint" for one in rows))
        return ours(look, "endpoint_was_down", "endpoint") if down else None

    def delivered_wins(self, look: Look) -> Words | None:
        failed = [one for one in reports_in(look) if one["status"] == "failed"]
        arrived = {
            one["id"]
            for other in self.looks
            if other.target.probe in ("status", "roundtrip", "traffic")
            for one in reports_in(other)
            if one["status"] in ("delivered", "read", "played")
        }
        if failed and all(one["id"] in arrived for one in failed):
            return ("ok", "none", "up", False, "delivered_wins")
        return None

    # ------------------------------------------------------------------ Meta's word, and time

    def posted(self, look: Look, cause: str) -> bool:
        own = {"api": "account management", "message": "cloud api", "roundtrip": "cloud api"}.get(
            look.target.probe
        )
        shared = look.target.probe == "edge" or (own is not None and cause in ("edge", "authentication"))
        for outage in self.world.outages:
            org, _, service = outage.service.partition("/")
            concerned = (
                shared if org in ("graph-api", "facebook-login") else own is not None and own == service.lower()
            )
            until = self.world.now_ms if outage.resolved_ms is None else outage.resolved_ms
            if concerned and outage.first_posted_ms - HOUR <= look.at_ms < until:
                return True
        return False

    def meta_posted_it(self, look: Look) -> Words | None:
        doubtful = look.found.provisional and look.found.verdict != "network_error"
        return metas(look, "meta_posted_it") if doubtful and self.posted(look, look.found.cause) else None

    def no_new_evidence(self, look: Look) -> Words | None:
        if look.found.provisional and self.world.now_ms - look.at_ms >= 7 * DAY:
            return (*words_of(look.found)[:3], False, "no_new_evidence")
        return None


def in_time(looks: list[Look]) -> list[Look]:
    return sorted(looks, key=lambda one: one.at_ms)


def words_of(found: Finding) -> Words:
    return (found.verdict, found.cause, found.column, found.provisional, found.rule)


def as_found(look: Look) -> Words:
    return words_of(look.found)


def metas(look: Look, rule: str) -> Words:
    missed = look.found.verdict == "missed_success"
    return ("missed_success" if missed else "system_error", look.found.cause, "down", False, rule)


def ours(look: Look, rule: str, cause: str | None = None) -> Words:
    return ("user_error", cause or look.found.cause, "user", False, rule)


def same_number(one: Watched, other: Watched) -> bool:
    return one.name == other.name or (bool(one.number) and one.number == other.number)


def facts(look: Look) -> dict[str, Any] | None:
    """The statement of a token look; None where the call failed."""
    body = look.exchange.body if look.exchange else None
    told = body.get("data") if isinstance(body, dict) else None
    return {"app_id": "", "scopes": None, **told} if isinstance(told, dict) else None


def good(look: Look) -> bool:
    told = facts(look)
    return bool(told and told["is_valid"] and told["scopes"] is not None and set(told["scopes"]) >= BOTH)


def bad(look: Look) -> bool:
    told = facts(look)
    return bool(
        told and (not told["is_valid"] or (told["scopes"] is not None and not set(told["scopes"]) >= BOTH))
    )


def changes_in(look: Look) -> list[tuple[int, str, dict[str, Any]]]:
    """When it happened, field and value of every change in a webhook body."""
    body = look.exchange.body if look.exchange else {}
    return [
        (entry["time"] * 1000 if "time" in entry else look.at_ms, change["field"], change["value"])
        for entry in body.get("entry", ())
        for change in entry["changes"]
    ]


def account_events(look: Look) -> list[int]:
    return [at for at, field, _ in changes_in(look) if field in ("account_update", "account_review_update")]


def reports_in(look: Look) -> list[dict[str, Any]]:
    body = look.exchange.body if look.exchange else None
    if not isinstance(body, dict) or "entry" not in body:
        return []
    return [report for _, _, value in changes_in(look) for report in value.get("statuses", ())]
