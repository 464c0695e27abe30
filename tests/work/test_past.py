"""Incidents of days that are no longer in memory keep their codes: they are read where the looks are kept."""

from pathlib import Path

from tests.support.past import EXPIRED, SYSTEM, Past, span
from wamon.assembly import House
from wamon.core.incident import Incident


def test_an_incident_of_last_week_still_names_its_codes(tmp_path: Path) -> None:
    troubles = {
        "cloud-api": [(span("2026-10-29T10:00", 40), SYSTEM), (span("2026-11-03T10:00", 40), EXPIRED)],
        "theirs": [(span("2026-10-30T10:00", 40), EXPIRED)],
    }
    past = Past(tmp_path, troubles, days=7)

    async def told(house: House) -> tuple[Incident, ...]:
        return house.report().incidents

    assert [(one.name, one.codes) for one in past.watch(told)] == [
        ("cloud-api@2026-11-03T09:59:30Z", (190,)),
        ("theirs@2026-10-30T09:57:30Z", (190,)),
        ("cloud-api@2026-10-29T09:59:30Z", (131016,)),
    ]
