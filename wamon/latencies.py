"""How long good looks take, in a running watch: counted with each look, kept by day, read by the report."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import msgspec

from wamon.core.cadence import CLOSES_AFTER_MS, next_close
from wamon.core.calendar import Calendar
from wamon.core.finding import Ruling, Verdict
from wamon.core.latency import Latency, Quantiles, Sketch, merged
from wamon.core.observation import Exchange
from wamon.core.report import Report
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, days_between
from wamon.core.traffic import DELIVERED_TO, SENT
from wamon.jobs import Job
from wamon.work.bookkeeping import Bookkeeper

KEEP = "latency"
"""The job that keeps what ended days took."""

SOON_MS = 20 * SECOND
SHOWN_DAYS, WEEK = 90, 7


class _Row:
    """One target: what its ended days took, and what it takes today. ``told`` is put together once a look."""

    def __init__(self) -> None:
        self.kept: dict[date, Sketch] = {}
        self.points: dict[date, Quantiles] = {}
        self.week = self.quarter = Sketch()
        self.days: dict[date, Sketch] = {}
        self.hours: dict[int, Sketch] = {}
        self.hourly: dict[int, Quantiles] = {}
        self.told: tuple[int, Latency] | None = None

    def take(self, day: date, at_ms: int, duration_ms: float) -> None:
        hour_ms = at_ms - at_ms % HOUR
        self.days.setdefault(day, Sketch()).add(duration_ms)
        self.hours.setdefault(hour_ms, Sketch()).add(duration_ms)
        self.hourly.pop(hour_ms, None)
        self.told = None

    def take_many(self, day: date, at_ms: int, took: Sketch) -> None:
        hour_ms = at_ms - at_ms % HOUR
        self.days[day] = merged((self.days.get(day, Sketch()), took))
        self.hours[hour_ms] = merged((self.hours.get(hour_ms, Sketch()), took))
        self.hourly.pop(hour_ms, None)
        self.told = None

    def settle(self, today: date) -> None:
        """Put the ended days together: they are the same for every report of a day."""
        self.kept = {day: one for day, one in self.kept.items() if day > today - timedelta(days=SHOWN_DAYS)}
        recent = {day: one for day, one in self.days.items() if day >= today - timedelta(days=1)}
        self.days = recent
        whole = {**recent, **self.kept}
        past = {day: one for day, one in sorted(whole.items()) if today - timedelta(days=SHOWN_DAYS) < day < today}
        self.points = {day: found for day, one in past.items() if (found := one.quantiles())}
        self.week = merged(one for day, one in past.items() if day > today - timedelta(days=WEEK))
        self.quarter = merged(past.values())
        self.told = None

    def latency(self, today: date, now_ms: int) -> Latency:
        hour_ms = now_ms - now_ms % HOUR
        if self.told is not None and self.told[0] == hour_ms:
            return self.told[1]
        self.hours = {start_ms: one for start_ms, one in self.hours.items() if hour_ms - DAY < start_ms <= hour_ms}
        self.hourly = {start_ms: one for start_ms, one in self.hourly.items() if start_ms in self.hours}
        for start_ms, one in self.hours.items():
            if start_ms not in self.hourly and (found := one.quantiles()):
                self.hourly[start_ms] = found
        fresh = self.days.get(today, Sketch())
        spans = {
            "24h": merged(self.hours.values()),
            "7d": merged((self.week, fresh)),
            "90d": merged((self.quarter, fresh)),
        }
        now = fresh.quantiles()
        told = Latency(
            {name: found for name, one in spans.items() if (found := one.quantiles())},
            (*self.points.items(), *([(today, now)] if now else ())),
            tuple((start_ms, self.hourly[start_ms]) for start_ms in sorted(self.hours)),
        )
        self.told = (hour_ms, told)
        return told


class Latencies:
    """What every target's good looks took; ``calendar`` gives the days as they are cut now."""

    def __init__(self, book: Bookkeeper, clock: Callable[[], int], calendar: Callable[[], Calendar]) -> None:
        self._book = book
        self._clock = clock
        self._calendar = calendar
        self._rows: dict[str, _Row] = {}
        self._sent: dict[str, dict[int, Sketch]] = {}
        self._settled: date | None = None
        self._kept = False
        book.on_record = self.take

    def take(self, exchange: Exchange, ruling: Ruling) -> None:
        """Count a look that was good at once."""
        took_ms = exchange.durations_ms.get("total")
        if took_ms is not None and ruling.finding.verdict is Verdict.OK:
            day = self._calendar().day_of(ruling.at_ms)
            self._rows.setdefault(exchange.target, _Row()).take(day, ruling.at_ms, took_ms)

    def take_messages(self, target: str, at_ms: int, took: Mapping[str, Sketch]) -> None:
        """Count how long the real messages of a minute took: to be delivered, and until `sent` was heard of."""
        if (delivered := took.get(DELIVERED_TO)) is not None:
            self._rows.setdefault(target, _Row()).take_many(self._calendar().day_of(at_ms), at_ms, delivered)
        if (sent := took.get(SENT)) is not None:
            hours, hour_ms = self._sent.setdefault(target, {}), at_ms - at_ms % HOUR
            hours[hour_ms] = merged((hours.get(hour_ms, Sketch()), sent))

    async def remember(self, targets: list[str]) -> None:
        """Read what was kept, and count the looks of today and of the last 24 hours anew."""
        now_ms, calendar = self._clock(), self._calendar()
        today = calendar.day_of(now_ms)
        kept = await self._book.latencies(today - timedelta(days=SHOWN_DAYS), today - timedelta(days=1))
        begin_ms = min(now_ms - DAY, calendar.span(today - timedelta(days=1)).start_ms)
        for name in targets:
            row = self._rows[name] = _Row()
            row.kept = {day: one for (target, day), one in kept.items() if target == name}
            lately = Span(now_ms - DAY, now_ms + 1)
            row.hours = dict(await self._book.took(name, lately))
            self._sent[name] = dict(await self._book.traffic.took(name, SENT, lately))
            for day in days_between(calendar.day_of(begin_ms), today):
                row.days[day] = merged((await self._book.took(name, calendar.span(day))).values())
            row.settle(today)
        self._settled = today

    def jobs(self) -> list[Job]:
        """Ended days are kept a minute after they close."""
        return [Job(KEEP, self._due, self._keep)]

    def _due(self, now_ms: int) -> int:
        return next_close(now_ms, self._calendar().zone) + MINUTE if self._kept else now_ms + SOON_MS

    async def _keep(self, now_ms: int) -> None:
        """Every ended day that has looks and was not kept yet; after an upgrade, those of the last weeks."""
        calendar = self._calendar()
        last = calendar.day_of(now_ms - CLOSES_AFTER_MS) - timedelta(days=1)
        first = last - timedelta(days=SHOWN_DAYS)
        began = await self._book.first_ms()
        kept = await self._book.latencies(first, last)
        for name, row in self._rows.items():
            since = max(first, calendar.day_of(began.get(name, now_ms)))
            missing = [day for day in days_between(since, last) if (name, day) not in kept]
            for day in missing:
                whole = merged((await self._book.took(name, calendar.span(day))).values())
                if whole.counts:
                    await self._book.keep_latencies([(name, day, whole)])
                    row.kept[day] = whole
            row.settle(calendar.day_of(now_ms))
        self._kept = True

    def _latency(self, name: str, today: date, now_ms: int) -> Latency:
        told, since_ms = self._rows[name].latency(today, now_ms), now_ms - now_ms % HOUR - DAY
        hours = self._sent.get(name)
        if not hours:
            return told
        hours = self._sent[name] = {start_ms: one for start_ms, one in hours.items() if start_ms > since_ms}
        return msgspec.structs.replace(told, sent=merged(hours.values()).quantiles())

    def beside(self, report: Report) -> Report:
        """The report with the latencies of its targets in it."""
        today = self._calendar().day_of(report.at_ms)
        if today != self._settled:
            for row in self._rows.values():
                row.settle(today)
            self._settled = today
        return msgspec.structs.replace(
            report,
            targets=tuple(
                msgspec.structs.replace(one, latency=self._latency(one.name, today, report.at_ms))
                if one.name in self._rows
                else one
                for one in report.targets
            ),
        )
