"""The table of metrics: one row each, with its name, its words, its labels and where its series come from."""

from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.budget import budget_of
from wamon.core.incident import Severity
from wamon.core.notice import severity
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, State
from wamon.core.uptime import Figures
from wamon.metrics.tally import BOUNDS_S, RETURN_BOUNDS_S, Tally

PERIODS = ("today", "yesterday", "month")

Labels = tuple[str, ...]
Row = tuple[Labels, float | None]


class Metric(msgspec.Struct, frozen=True):
    """One metric. ``read`` gives its series, a value of None being no series.

    A histogram has ``rows`` instead: by labels the count under each of ``bounds_s``, beyond all, the sum in ms.
    """

    name: str
    kind: str
    help: str
    labels: Labels = ()
    read: Callable[[Tally, Report], Iterable[Row]] | None = None
    rows: Callable[[Tally], Iterable[tuple[Labels, list[float]]]] | None = None
    bounds_s: tuple[float, ...] = ()


def _steps(tally: Tally) -> Iterator[tuple[Labels, list[float]]]:
    for target, counted in list(tally.targets.items()):
        for step, row in list(counted.steps.items()):
            yield (target, step), row


def _attempts(tally: Tally, _: Report) -> Iterator[Row]:
    for target, counted in list(tally.targets.items()):
        for verdict, count in counted.verdicts.items():
            yield (target, verdict), count


def _missed(tally: Tally, _: Report) -> Iterator[Row]:
    for target, counted in list(tally.targets.items()):
        for reason, count in counted.missed.items():
            yield (target, reason), count


def _unrecorded(tally: Tally, _: Report) -> Iterator[Row]:
    for target, counted in list(tally.targets.items()):
        yield (target,), counted.unrecorded


def _states(_: Tally, report: Report) -> Iterator[Row]:
    for one in report.targets:
        for state in State:
            yield (one.name, state.value), int(one.state is state)


def _last_observations(_: Tally, report: Report) -> Iterator[Row]:
    for one in report.targets:
        yield (one.name,), None if one.last_at_ms is None else one.last_at_ms / 1000


def _availability(_: Tally, report: Report) -> Iterator[Row]:
    for one in report.targets:
        for period in PERIODS:
            sums = one.periods.get(period, Figures())
            yield (one.name, period, "platform"), sums.availability
            yield (one.name, period, "meta"), sums.availability_meta
            yield (one.name, period, "experienced"), sums.availability_experienced


def _coverage(_: Tally, report: Report) -> Iterator[Row]:
    for one in report.targets:
        for period in PERIODS:
            yield (one.name, period), one.periods.get(period, Figures()).coverage


def _budgets(_: Tally, report: Report) -> Iterator[Row]:
    zone = ZoneInfo(report.zone)
    for one in report.targets:
        found = budget_of(one.periods.get("month", Figures()), report.objective_percent, report.at_ms, zone)
        yield (one.name,), found.remaining if found else None


def _open_incidents(_: Tally, report: Report) -> Iterator[Row]:
    probes = {one.name: one.probe for one in report.targets}
    weights = [severity(one, probes[one.target]) for one in report.incidents if one.closed_ms is None]
    for weight in Severity:
        yield (weight.value,), weights.count(weight)


def _notifications(tally: Tally, _: Report) -> Iterator[Row]:
    for channel, outcomes in list(tally.channels.items()):
        for outcome, count in outcomes.items():
            yield (channel, outcome), count


def _reclassification(tally: Tally, _: Report) -> Iterator[Row]:
    at_ms = tally.reclassification_ms
    yield (), None if at_ms is None else at_ms / 1000


def _token_expiries(tally: Tally, _: Report) -> Iterator[Row]:
    for account, at_s in list(tally.token_expiries_s.items()):
        yield (account,), at_s


def _certificate_expiries(tally: Tally, _: Report) -> Iterator[Row]:
    for target, at_s in list(tally.certificate_expiries_s.items()):
        yield (target,), at_s


METRICS = (
    Metric(
        "wamon_probe_attempts_total",
        "counter",
        "Looks taken, by the verdict first given; a reclassification changes no count.",
        ("target", "verdict"),
        _attempts,
    ),
    Metric(
        "wamon_probe_duration_seconds",
        "histogram",
        "How long each step of a look took, those that were reached.",
        ("target", "step"),
        rows=_steps,
        bounds_s=BOUNDS_S,
    ),
    Metric(
        "wamon_probe_missed_total",
        "counter",
        "Slots that passed without a look; their time is unobserved.",
        ("target", "reason"),
        _missed,
    ),
    Metric(
        "wamon_unrecorded_total",
        "counter",
        "Looks that could not be written down when they were taken, because of the disk; they wait in memory.",
        ("target",),
        _unrecorded,
    ),
    Metric(
        "wamon_target_state", "gauge", "1 for the state a target is in now, else 0.", ("target", "state"), _states
    ),
    Metric(
        "wamon_target_told",
        "gauge",
        "1 for a target that customers make speak: while they are quiet it is unobserved, and nothing is wrong.",
        ("target",),
        lambda _, report: [((one.name,), 1) for one in report.targets if one.probe is ProbeKind.TRAFFIC],
    ),
    Metric(
        "wamon_last_observation_timestamp_seconds",
        "gauge",
        "When the last look at a target began.",
        ("target",),
        _last_observations,
    ),
    Metric(
        "wamon_availability_ratio",
        "gauge",
        "Availability as it stands now, reclassifications included; absent when it cannot be said.",
        ("target", "period", "view"),
        _availability,
    ),
    Metric(
        "wamon_coverage_ratio",
        "gauge",
        "Share of the time outside maintenance that was observed.",
        ("target", "period"),
        _coverage,
    ),
    Metric(
        "wamon_error_budget_remaining_ratio",
        "gauge",
        "Share left of the downtime that the objective allows this month; negative: overspent.",
        ("target",),
        _budgets,
    ),
    Metric("wamon_incidents_open", "gauge", "Incidents open now.", ("severity",), _open_incidents),
    Metric(
        "wamon_notifications_total",
        "counter",
        "What became of notices on each channel, attempts that failed included.",
        ("channel", "result"),
        _notifications,
    ),
    Metric(
        "wamon_outbox_pending",
        "gauge",
        "Notices that wait for a channel.",
        (),
        lambda tally, _: [((), tally.outbox_pending)],
    ),
    Metric(
        "wamon_outbox_oldest_seconds",
        "gauge",
        "How long the oldest waiting notice has waited.",
        (),
        lambda tally, _: [((), tally.outbox_oldest_ms / 1000)],
    ),
    Metric(
        "wamon_reclassified_total",
        "counter",
        "Looks that a reclassification turned from one verdict to another.",
        ("from", "to"),
        lambda tally, _: tally.turns.items(),
    ),
    Metric(
        "wamon_reclassification_timestamp_seconds",
        "gauge",
        "When the last reclassification ran.",
        (),
        _reclassification,
    ),
    Metric(
        "wamon_config_reload_successful",
        "gauge",
        "1 while the configuration that was last asked for is in force, 0 after a reload was refused.",
        (),
        lambda tally, _: [((), 0.0 if tally.reload_refused else 1.0)],
    ),
    Metric(
        "wamon_config_reload_timestamp_seconds",
        "gauge",
        "When the configuration in force was taken up.",
        (),
        lambda tally, _: [((), None if tally.configured_ms is None else tally.configured_ms / 1000)],
    ),
    Metric(
        "wamon_webhook_receipts_total",
        "counter",
        "Webhooks that came to the receiver, by what became of them.",
        ("result",),
        lambda tally, _: [((outcome,), count) for outcome, count in tally.receipts.items()],
    ),
    Metric(
        "wamon_reports_total",
        "counter",
        "Reports that applications posted, by what became of them; ignored: of which nothing counts.",
        ("result",),
        lambda tally, _: [((outcome,), count) for outcome, count in tally.reports.items()],
    ),
    Metric(
        "wamon_roundtrip_seconds",
        "histogram",
        "How long after a canary left each status of it arrived here, late ones included. Of real messages:"
        " delivered is from Meta's sent to Meta's delivered, sent from Meta's instant until its webhook was here.",
        ("target", "message_status"),
        rows=lambda tally: list(tally.returns.items()),
        bounds_s=RETURN_BOUNDS_S,
    ),
    Metric(
        "wamon_token_expiry_timestamp_seconds",
        "gauge",
        "When an account's token ends; 0 for never.",
        ("account",),
        _token_expiries,
    ),
    Metric(
        "wamon_certificate_expiry_timestamp_seconds",
        "gauge",
        "When the certificate that a target showed ends.",
        ("target",),
        _certificate_expiries,
    ),
    Metric(
        "wamon_build_info",
        "gauge",
        "Always 1; the label says which wamon this is.",
        ("version",),
        lambda _, report: [((report.version,), 1)],
    ),
)
"""Every metric, in the order of exposition. A new one is a new row."""
