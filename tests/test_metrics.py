"""Metrics: the names and sets that are published, counters that never fall, and what real readers make of them."""

import asyncio
import re
import socket
import statistics
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import prometheus_client
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from tests.support.reports import NOW_MS, TODAY, Shown, bad_week, days, figures, report, target
from tests.web.served import served
from wamon.core.finding import Verdict
from wamon.core.publication import DayState
from wamon.core.receipt import MESSAGE_STATUSES, OTHER
from wamon.core.report import Day, Report, State
from wamon.core.timeline import DAY, MINUTE
from wamon.metrics import METRICS, Rendered, Tally, render
from wamon.metrics.exposition import OPENMETRICS, TEXT
from wamon.metrics.tally import BOUNDS_S, MISSED, RETURN_BOUNDS_S

PUBLISHED = {
    "wamon_probe_attempts_total": ("target", "verdict"),
    "wamon_probe_duration_seconds": ("target", "step"),
    "wamon_probe_missed_total": ("target", "reason"),
    "wamon_unrecorded_total": ("target",),
    "wamon_target_state": ("target", "state"),
    "wamon_target_told": ("target",),
    "wamon_last_observation_timestamp_seconds": ("target",),
    "wamon_availability_ratio": ("target", "period", "view"),
    "wamon_coverage_ratio": ("target", "period"),
    "wamon_error_budget_remaining_ratio": ("target",),
    "wamon_incidents_open": ("severity",),
    "wamon_notifications_total": ("channel", "result"),
    "wamon_outbox_pending": (),
    "wamon_outbox_oldest_seconds": (),
    "wamon_reclassified_total": ("from", "to"),
    "wamon_reclassification_timestamp_seconds": (),
    "wamon_config_reload_successful": (),
    "wamon_config_reload_timestamp_seconds": (),
    "wamon_webhook_receipts_total": ("result",),
    "wamon_reports_total": ("result",),
    "wamon_roundtrip_seconds": ("target", "message_status"),
    "wamon_token_expiry_timestamp_seconds": ("account",),
    "wamon_certificate_expiry_timestamp_seconds": ("target",),
    "wamon_build_info": ("version",),
}

SETS = {
    "verdict": {"ok", "system_error", "missed_success", "user_error", "network_error", "inconclusive"},
    "step": {"dns", "connect", "tls", "first_byte", "total"},
    "reason": {"overlap", "misfire", "quota", "stopped", "clock"},
    "state": {"operational", "degraded", "disruption", "outage", "unobserved", "maintenance"},
    "period": {"today", "yesterday", "month"},
    "view": {"platform", "meta", "experienced"},
    "severity": {"critical", "urgent", "standard"},
    "result": {"sent", "failed", "given_up", "suppressed"},
    "target": {"cloud-api", "graph", "webhook", "token", "control-1", "control-2", "send.roundtrip"},
    "message_status": {*MESSAGE_STATUSES, OTHER},
    "channel": {"ops"},
    "account": {"default"},
    "version": {"0.1.0"},
}
SETS |= {"from": SETS["verdict"], "to": SETS["verdict"]}

RECEIPTS = {"stored", "duplicate", "bad_signature", "too_large", "malformed", "unavailable"}
REPORTS = RECEIPTS - {"bad_signature"} | {"ignored", "bad_secret", "too_often"}
OF_THEIR_OWN = {"wamon_webhook_receipts_total": RECEIPTS, "wamon_reports_total": REPORTS}
"""Metrics whose result is not that of a notice."""

STEPS_MS = {"dns": 1.2, "connect": 9.8, "tls": 21.0, "first_byte": 140.0, "total": 171.5}

OWN_BOUNDS = {"wamon_roundtrip_seconds": RETURN_BOUNDS_S}

Series = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def busy() -> Tally:
    """A tally that has seen one of everything."""
    tally = Tally(sorted(SETS["target"]), ["ops"])
    for verdict in SETS["verdict"]:
        tally.attempt("cloud-api", verdict, STEPS_MS)
    tally.attempt("control-1", "ok", {"total": 3.0})
    tally.missed("graph", "overlap")
    tally.notified("ops", "sent")
    tally.reclassified("user_error", "system_error", 12, NOW_MS)
    tally.received("stored")
    tally.reported("stored")
    for after_ms in (900, 61_000, 4_000_000):
        tally.came_back("send.roundtrip", "delivered", after_ms)
    tally.outbox(3, 65_500)
    tally.token_expiry("default", 0)
    tally.certificate_expiry("webhook", 1_800_000_000.0)
    return tally


def series(text: bytes, read: Callable = read_text) -> Series:
    """Every series by name and labels."""
    found: Series = {}
    for family in read(text.decode()):
        for one in family.samples:
            key = one.name, tuple(sorted(one.labels.items()))
            assert key not in found, f"twice: {key}"
            found[key] = one.value
    return found


def value(found: Series, name: str, **labels: str) -> float | None:
    return found.get((name, tuple(sorted(labels.items()))))


def test_the_table_has_exactly_the_names_and_labels_that_are_published() -> None:
    assert {one.name: one.labels for one in METRICS} == PUBLISHED


def test_no_label_ever_has_a_value_outside_its_closed_set() -> None:
    seen: dict[str, set[str]] = {}
    for name, labels in series(render(busy(), bad_week()).text):
        if name in OF_THEIR_OWN:
            assert dict(labels).keys() == {"result"}
            assert dict(labels)["result"] in OF_THEIR_OWN[name]
        elif name.startswith("wamon_"):
            for label, one in labels:
                seen.setdefault(label, set()).add(one)
    bounds = seen.pop("le")
    assert bounds == {*(str(bound) for bound in (*BOUNDS_S, *RETURN_BOUNDS_S)), "+Inf"}
    assert {label: values - SETS[label] for label, values in seen.items()} == {label: set() for label in seen}
    assert seen.keys() == SETS.keys()


def test_counters_stand_at_zero_before_anything_happened() -> None:
    found = series(render(Tally(["cloud-api"], ["ops"]), report()).text)
    for verdict in SETS["verdict"]:
        assert value(found, "wamon_probe_attempts_total", target="cloud-api", verdict=verdict) == 0
        for other in SETS["verdict"]:
            assert value(found, "wamon_reclassified_total", **{"from": verdict, "to": other}) == 0
    for reason in MISSED:
        assert value(found, "wamon_probe_missed_total", target="cloud-api", reason=reason) == 0
    for outcome in SETS["result"]:
        assert value(found, "wamon_notifications_total", channel="ops", result=outcome) == 0
    for name, outcomes in OF_THEIR_OWN.items():
        for outcome in outcomes:
            assert value(found, name, result=outcome) == 0
    for severity in SETS["severity"]:
        assert value(found, "wamon_incidents_open", severity=severity) == 0
    assert value(found, "wamon_reclassification_timestamp_seconds") is None


def test_gauges_say_what_the_report_says() -> None:
    found = series(render(busy(), bad_week()).text)
    today = bad_week().targets[0].periods["today"]
    for view, ratio in (
        ("platform", today.availability),
        ("meta", today.availability_meta),
        ("experienced", today.availability_experienced),
    ):
        said = value(found, "wamon_availability_ratio", target="cloud-api", period="today", view=view)
        assert (said, said is None) == (ratio, False)
    assert value(found, "wamon_target_state", target="cloud-api", state="outage") == 1
    assert sum(value(found, "wamon_target_state", target="graph", state=one.value) or 0 for one in State) == 1
    assert value(found, "wamon_incidents_open", severity="urgent") == 1
    assert value(found, "wamon_last_observation_timestamp_seconds", target="graph") == NOW_MS / 1000 - 12
    assert value(found, "wamon_outbox_pending") == 3
    assert value(found, "wamon_outbox_oldest_seconds") == 65.5
    assert value(found, "wamon_token_expiry_timestamp_seconds", account="default") == 0
    assert value(found, "wamon_certificate_expiry_timestamp_seconds", target="webhook") == 1.8e9
    assert value(found, "wamon_reclassification_timestamp_seconds") == NOW_MS / 1000
    assert value(found, "wamon_build_info", version="0.1.0") == 1
    assert value(found, "process_cpu_seconds_total") > 0


def test_what_cannot_be_said_is_absent_never_zero() -> None:
    thin = (Day(TODAY, DayState.OPEN, 0, figures(unobserved_ms=DAY // 2)),)
    found = series(render(Tally(), report([target("thin", past=thin), target("new", last=None)])).text)
    assert value(found, "wamon_availability_ratio", target="thin", period="today", view="platform") == 1
    assert value(found, "wamon_availability_ratio", target="thin", period="today", view="meta") is None
    assert value(found, "wamon_coverage_ratio", target="thin", period="today") == 0.5
    assert value(found, "wamon_coverage_ratio", target="thin", period="yesterday") is None
    assert not [labels for (_, labels) in found if ("target", "new") in labels and ("period", "today") in labels]
    assert value(found, "wamon_last_observation_timestamp_seconds", target="new") is None
    assert value(found, "wamon_error_budget_remaining_ratio", target="new") is None


def test_an_objective_that_allows_nothing_is_still_read_by_prometheus() -> None:
    past = (Day(TODAY, DayState.OPEN, 0, figures(down_ms=MINUTE)),)
    made = render(Tally(), report([target("t", past=past)], objective_percent=100.0))
    for text, read in ((made.text, read_text), (made.openmetrics, read_openmetrics)):
        assert value(series(text, read), "wamon_error_budget_remaining_ratio", target="t") == float("-inf")


def test_a_closed_set_stays_closed_and_a_new_target_begins_at_zero() -> None:
    tally = Tally()
    for wrong in (
        lambda: tally.attempt("t", "fine", {}),
        lambda: tally.missed("t", "lazy"),
        lambda: tally.notified("ops", "lost"),
        lambda: tally.received("lost"),
        lambda: tally.reclassified("ok", "fine", 1, NOW_MS),
    ):
        with pytest.raises(KeyError):
            wrong()
    assert tally.reclassification_ms is None
    tally.attempt("late", "ok", {"total": 5.0, "unheard_of": 1.0})
    found = series(render(tally, report()).text)
    assert value(found, "wamon_probe_attempts_total", target="late", verdict="ok") == 1
    assert value(found, "wamon_probe_attempts_total", target="late", verdict="user_error") == 0
    assert "unheard_of" not in str(found)


def test_a_token_of_which_nothing_is_known_any_more_has_no_expiry() -> None:
    tally = Tally()
    tally.token_expiry("default", 1.8e9)
    tally.token_expiry("default", None)
    tally.token_expiry("never seen", None)
    assert b"wamon_token_expiry_timestamp_seconds{" not in render(tally, report()).text


DURATIONS = st.lists(st.floats(0, 100_000), max_size=30)


@given(DURATIONS)
def test_a_histogram_holds_every_duration_once_under_every_bound_it_reaches(durations_ms: list[float]) -> None:
    tally = Tally(["t"])
    for one in durations_ms:
        tally.attempt("t", "ok", {"total": one})
    found = series(render(tally, report()).text)
    name = "wamon_probe_duration_seconds"
    if not durations_ms:
        assert value(found, f"{name}_count", target="t", step="total") is None
        return
    for bound in BOUNDS_S:
        under = sum(one <= bound * 1000 for one in durations_ms)
        assert value(found, f"{name}_bucket", target="t", step="total", le=str(bound)) == under
    assert value(found, f"{name}_bucket", target="t", step="total", le="+Inf") == len(durations_ms)
    assert value(found, f"{name}_count", target="t", step="total") == len(durations_ms)
    assert value(found, f"{name}_sum", target="t", step="total") == pytest.approx(sum(durations_ms) / 1000)
    assert value(found, f"{name}_count", target="t", step="tls") is None


STEPS = st.sampled_from(
    [
        lambda tally: tally.attempt("t", "ok", STEPS_MS),
        lambda tally: tally.attempt("u", "user_error", {}),
        lambda tally: tally.missed("t", "clock"),
        lambda tally: tally.notified("ops", "failed"),
        lambda tally: tally.reclassified("user_error", "system_error", 3, NOW_MS),
    ]
)


@given(st.lists(STEPS, max_size=20))
def test_no_counter_ever_falls_not_even_after_a_reclassification(steps: list[Callable]) -> None:
    tally = Tally(["t"], ["ops"])

    def counters() -> Series:
        found = series(render(tally, report()).text)
        return {key: one for key, one in found.items() if re.search(r"^wamon_.*_(total|bucket|count)$", key[0])}

    before = counters()
    for step in steps:
        step(tally)
        after = counters()
        assert all(after[key] >= one for key, one in before.items())
        assert sum(after.values()) > sum(before.values())
        before = after


class Plain:
    """The same table through the client library's own classes: slow, and beyond doubt."""

    def __init__(self, tally: Tally, now: Report) -> None:
        self.tally, self.now = tally, now

    def collect(self) -> Iterator[object]:
        for one in METRICS:
            if one.rows is not None:
                yield self.histogram(one)
                continue
            kind = CounterMetricFamily if one.kind == "counter" else GaugeMetricFamily
            family = kind(one.name, one.help, labels=one.labels)
            for labels, said in one.read(self.tally, self.now):
                if said is not None:
                    family.add_metric(labels, said)
            yield family

    def histogram(self, one: object) -> HistogramMetricFamily:
        family = HistogramMetricFamily(one.name, one.help, labels=one.labels)
        bounds, rows = OWN_BOUNDS.get(one.name, BOUNDS_S), dict(self.tally.returns)
        if one.name == "wamon_probe_duration_seconds":
            every = self.tally.targets.items()
            rows = {(name, step): row for name, counted in every for step, row in counted.steps.items()}
        for labels, (*counts, sum_ms) in rows.items():
            sums = [sum(counts[: place + 1]) for place in range(len(counts))]
            buckets = list(zip([*map(str, bounds), "+Inf"], sums, strict=True))
            family.add_metric(labels, buckets, sum_ms / 1000)
        return family


def test_both_formats_say_what_the_client_library_would_say() -> None:
    hostile = [target('a "quoted" \\ name\nwith a break')]
    for now in (bad_week(), report(hostile)):
        registry = prometheus_client.CollectorRegistry()
        registry.register(Plain(busy(), now))
        plain = series(prometheus_client.generate_latest(registry))
        made = render(busy(), now)
        for text, read in ((made.text, read_text), (made.openmetrics, read_openmetrics)):
            ours = {key: one for key, one in series(text, read).items() if key[0].startswith("wamon_")}
            assert ours == plain


ACCEPTS = {
    "": TEXT,
    "*/*": TEXT,
    "text/plain": TEXT,
    "text/html,application/xhtml+xml,*/*;q=0.8": TEXT,
    "application/openmetrics-text": OPENMETRICS,
    "Application/OpenMetrics-Text; version=1.0.0": OPENMETRICS,
    "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1": OPENMETRICS,
    "application/openmetrics-text;q=0.1, text/plain;q=0.9": TEXT,
    "application/openmetrics-text;q=0": TEXT,
    "application/openmetrics-text;q=nonsense": TEXT,
    ";;,=,q": TEXT,
}


@pytest.mark.parametrize(("accept", "kind"), ACCEPTS.items())
def test_openmetrics_is_given_where_it_is_asked_for(accept: str, kind: str) -> None:
    made = render(Tally(), report())
    body, media_type = made.preferred(accept)
    assert media_type == kind
    assert body.endswith(b"# EOF\n") == (kind == OPENMETRICS)


class Seconds:
    """A clock that is set by hand."""

    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_it_is_rendered_at_most_once_in_five_seconds_however_many_scrape() -> None:
    clock, face = Seconds(), Shown(report())
    rendered = Rendered(face.tally, face.report, clock)

    async def scrape(times: int) -> set[bytes]:
        made = await asyncio.gather(*(rendered.exposition() for _ in range(times)))
        return {one.text for one in made}

    async def story() -> None:
        assert len(await scrape(100)) == 1
        clock.now_s += 4.999
        face.tally.outbox(7, 0)
        (old,) = await scrape(10)
        assert (face.reports, b"wamon_outbox_pending 7\n" in old) == (1, False)
        clock.now_s += 0.001
        (fresh,) = await scrape(10)
        assert (face.reports, b"wamon_outbox_pending 7\n" in fresh) == (2, True)

    asyncio.run(story())


def test_a_scrape_that_is_given_up_takes_nobody_elses_with_it() -> None:
    face = Shown(report())

    async def story() -> bytes:
        first = asyncio.create_task(face.rendered.exposition())
        await asyncio.sleep(0)
        first.cancel()
        return (await face.rendered.exposition()).text

    assert b"wamon_build_info" in asyncio.run(story())
    assert face.reports == 1


def test_it_is_rendered_off_the_loop_and_the_report_is_taken_on_it() -> None:
    threads: dict[str, int] = {}
    face = Shown(report())

    def taken() -> Report:
        threads["report"] = threading.get_ident()
        return face.now

    class Watching(Tally):
        @property
        def outbox_pending(self) -> int:
            threads["render"] = threading.get_ident()
            return 0

        @outbox_pending.setter
        def outbox_pending(self, _: int) -> None: ...

    asyncio.run(Rendered(Watching(), taken).exposition())
    assert threads["report"] == threading.get_ident() != threads["render"]


def test_counting_goes_on_while_it_is_rendered() -> None:
    tally, done = Tally(), threading.Event()

    def count() -> None:
        for number in range(3000):
            tally.attempt(f"t{number}", "ok", STEPS_MS)
            tally.certificate_expiry(f"t{number}", 1.0)
            tally.notified(f"c{number}", "sent")
        done.set()

    thread = threading.Thread(target=count)
    thread.start()
    while not done.is_set():
        render(tally, report())
    thread.join()
    assert len(tally.targets) == 3000


def test_promtool_finds_nothing_to_say(real: Callable[..., Path]) -> None:
    promtool = real("promtool", package="prometheus")
    with served(Shown(bad_week(), tally=busy())) as address:
        text = httpx.get(f"http://{address}/metrics", trust_env=False).content
    checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, b"", b"")


def test_a_real_prometheus_scrapes_it_and_its_rules_fire(prometheus: Callable) -> None:
    rules = Path(__file__).parent.parent / "config" / "prometheus" / "rules.yml"
    with served(Shown(bad_week(), tally=busy())) as address:
        server = prometheus(address, rules=[rules])
        ((labels, one),) = server.wait_for('wamon_target_state{state="outage"} == 1')
        assert (labels["target"], one) == ("cloud-api", 1)
        assert server.query("up")[0][1] == 1
        sums = server.query('sum(wamon_probe_attempts_total{target="cloud-api"})')
        assert sums[0][1] == len(Verdict)
        quantile = 'histogram_quantile(1, wamon_probe_duration_seconds_bucket{target="cloud-api",step="total"})'
        assert server.query(quantile)[0][1] == 0.25
        pending = server.wait_for('ALERTS{alertname="WamonErrorBudgetSpent"}')
        assert pending[0][0]["target"] == "cloud-api"
        (scraped,) = server.get("targets")["activeTargets"]
        assert scraped["lastError"] == ""


def test_a_thousand_targets_can_be_rendered_without_holding_up_the_loop() -> None:
    """A look must not wait for a scrape: the thread that renders lets the loop go first again and again."""
    past = days({}, count=1)
    names = [f"target-{number}" for number in range(1000)]
    face = Shown(report([target(name, past=past) for name in names]), tally=Tally(names, ["ops"]))
    for name in names:
        face.tally.attempt(name, "ok", STEPS_MS)

    async def story() -> tuple[int, list[float]]:
        loop, late = asyncio.get_running_loop(), []
        here, there = socket.socketpair()
        with here, there:
            scrape = asyncio.create_task(face.rendered.exposition())
            while not scrape.done():
                due_s = loop.time() + 0.001
                await asyncio.sleep(0.001)
                here.send(b"a look: every call of the system lets the other thread go first")
                there.recv(100)
                late.append(loop.time() - due_s)
        return scrape.result().text.count(b"\n"), late

    lines, late = asyncio.run(story())
    assert lines > 90_000
    assert len(late) > 20
    # A thread that never sleeps keeps the interpreter for 5 ms at a time.
    assert statistics.median(late) < 0.003
