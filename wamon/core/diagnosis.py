"""Are we the problem? What a doctor found around the watch, each part green, amber or red, with what to do."""

from collections.abc import Iterable, Sequence

import msgspec

from wamon.core import account_lines
from wamon.core.account_lines import Light
from wamon.core.notice_words import duration_text
from wamon.core.periods import EARLIEST_MS
from wamon.core.shapes import NEEDED_SCOPES, TokenFacts
from wamon.core.timeline import DAY, SECOND, iso

FEW_BYTES, TOO_FEW_BYTES = 1 << 30, 100 << 20
"""Less room is worth a word; with less still the next weeks are not written."""

DRIFT_MS, WRONG_BY_MS = 2 * SECOND, 60 * SECOND
"""A `Date` header is whole seconds. Beyond a minute days and expiries are wrong."""

EXPIRES_SOON_MS = 14 * DAY


class Line(msgspec.Struct, frozen=True):
    """One part of what the watch stands on. ``remedy`` is empty where it is green."""

    part: str
    light: Light
    said: str
    remedy: str = ""


def worst(lines: Iterable[Line]) -> Light:
    """Of all; green without any."""
    return max((one.light for one in lines), key=list(Light).index, default=Light.GREEN)


def _green(part: str, said: str) -> Line:
    return Line(part, Light.GREEN, said)


def clock_line(now_ms: int, *, synchronised: bool | None, drift_ms: int | None) -> Line:
    """The clock: what the kernel says of it, and how far it is from the clocks of the controls, where one told."""
    remedy = "synchronise it: timedatectl set-ntp true, then look at: timedatectl timesync-status"
    if now_ms < EARLIEST_MS:
        return Line("clock", Light.RED, f"says {iso(now_ms)} and was never set; no day is counted by it", remedy)
    off = "" if drift_ms is None else f", {duration_text(abs(drift_ms))} from the controls' clocks"
    if drift_ms is not None and abs(drift_ms) > WRONG_BY_MS:
        return Line("clock", Light.RED, f"is wrong{off}", remedy)
    if synchronised is False or (drift_ms is not None and abs(drift_ms) > DRIFT_MS):
        said = "is not synchronised" if synchronised is False else "is off"
        return Line("clock", Light.AMBER, f"{said}{off}", remedy)
    near = "agrees with the controls' clocks" if drift_ms is not None else "no control told the time"
    return _green("clock", f"{'synchronised' if synchronised else 'cannot be asked here'}; {near}")


def name_line(host: str, ipv4: int, ipv6: int, *, second: bool | None, refusal: str = "") -> Line:
    """How many addresses a name has, and whether a second resolver knows it; None where none is configured."""
    part = f"dns {host}"
    other = {True: "; the second resolver knows it", False: "; the second resolver does not", None: ""}[second]
    if not ipv4 and not ipv6:
        remedy = (
            "the resolver of this machine is at fault: look at /etc/resolv.conf and: resolvectl query " + host
            if second
            else "look at the line and the resolver of this machine: resolvectl query " + host
        )
        return Line(part, Light.RED, f"has no address ({refusal or 'nothing found'}){other}", remedy)
    counted = f"{ipv4} IPv4, {ipv6} IPv6" + other
    if second is False:
        said = "look at [network] second_resolver: it must answer queries over UDP"
        return Line(part, Light.AMBER, counted, said)
    return _green(part, counted)


def disk_line(place: str, free_bytes: int) -> Line:
    """Room where the database is."""
    said = f"{free_bytes >> 20:,} MiB free for {place}"
    remedy = "make room, or keep single looks for fewer days: [service] observation_days, then wamon db prune"
    if free_bytes < TOO_FEW_BYTES:
        return Line("disk", Light.RED, said, remedy)
    return Line("disk", Light.AMBER, said, remedy) if free_bytes < FEW_BYTES else _green("disk", said)


def permission_line(refused: Sequence[str], exposed: Sequence[str]) -> Line:
    """Folders that cannot be written, and files with secrets that others may read."""
    if refused:
        said = f"cannot write {', '.join(refused)}"
        return Line("permissions", Light.RED, said, "run this as the daemon's user, or give that user the folder")
    if exposed:
        files = ", ".join(exposed)
        said = f"others on this machine may read {files}"
        return Line("permissions", Light.AMBER, said, f"chmod 600 {files.replace(',', '')}")
    return _green("permissions", "the database's folder can be written; no secret lies open")


def database_line(place: str, problems: Sequence[str] | None) -> Line:
    """The ledger, read whole; None where there is none yet."""
    if problems is None:
        said = f"there is none yet at {place}"
        return Line("database", Light.AMBER, said, "it is made when the daemon first starts: wamon run")
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        remedy = "stop the daemon, keep the file, and restore the latest backup; see docs/operations.md"
        return Line("database", Light.RED, f"{problems[0]}{more}", remedy)
    return _green("database", f"{place} is whole")


def daemon_line(version: str | None, ours: str, alive: bool | None) -> Line:
    """The daemon on the service's address: its version, None where none answers, and what its health says."""
    if version is None:
        return Line("daemon", Light.AMBER, "does not run", "start it: systemctl start wamon, or wamon run")
    if not alive:
        remedy = "ask it why: curl its /healthz, then journalctl -u wamon -n 100"
        return Line("daemon", Light.RED, f"{version} runs and is not well", remedy)
    if version != ours:
        said = f"{version} runs, and this program is {ours}"
        return Line("daemon", Light.AMBER, said, "restart it, so that what was installed runs")
    return _green("daemon", f"{version} runs and is well")


def listening_line(setting: str, address: str, refusal: str | None, *, by_daemon: bool) -> Line:
    """An address that the daemon listens on, or would. ``refusal`` is why it cannot be taken."""
    if by_daemon:
        return _green(setting, f"{address}: the daemon listens there")
    if refusal:
        return Line(setting, Light.RED, f"{address}: {refusal}", f"free it, or choose another {setting}")
    return _green(setting, f"{address} is free")


def token_line(account: str, facts: TokenFacts | None, now_ms: int) -> Line:
    """What `debug_token` said of an account's token; None where it was not answered."""
    part = f"token of {account}"
    if facts is None:
        remedy = "see what Meta said: wamon check; with app_id and app_secret even a dead token can be asked about"
        return Line(part, Light.RED, "could not be inspected", remedy)
    anew = "make a new system user token with both permissions, and put it where the configuration names it"
    if not facts.is_valid or facts.expired(now_ms):
        return Line(part, Light.RED, "is no longer valid", anew)
    if facts.scopes is not None and facts.lacks_scope:
        return Line(part, Light.RED, f"lacks {', '.join(sorted(NEEDED_SCOPES - facts.scopes))}", anew)
    scopes = "both permissions" if facts.scopes is not None else "permissions not told"
    if facts.expires_at_s:
        left_ms = facts.expires_at_s * SECOND - now_ms
        said = f"valid, {scopes}, expires in {duration_text(left_ms)}"
        return Line(part, Light.AMBER, said, anew) if left_ms < EXPIRES_SOON_MS else _green(part, said)
    return _green(part, f"valid, {scopes}, does not expire")


def page_lines(found: Iterable[account_lines.Line]) -> list[Line]:
    """The page's lines about ourselves, as parts of what a doctor found."""
    return [Line(f"{one.subject} of {one.account}", one.light, one.text, one.remedy) for one in found]


def handshake_line(public_url: str, refusal: str) -> Line:
    """Our own receiver, called from here as Meta verifies it."""
    if not refusal:
        return _green("receiver", f"{public_url} answers Meta's handshake")
    remedy = "does the daemon run, does the proxy pass /webhook on, is [receiver] verify_token the one Meta has?"
    return Line("receiver", Light.RED, f"{public_url}: {refusal}", remedy)


def channel_line(name: str, wrong: str) -> Line:
    """A channel, as far as can be told without sending."""
    part = f"channel {name}"
    remedy = "correct the URL behind its reference"
    if wrong:
        return Line(part, Light.RED, wrong, remedy)
    return _green(part, f"its URL is understood; try it with: wamon notify test {name}")


def secrets_line(problems: Sequence[str]) -> Line:
    """Every secret that the configuration refers to."""
    if not problems:
        return _green("secrets", "all can be had")
    return Line(
        "secrets", Light.RED, "; ".join(problems), "under systemd a credential: is there for the service only"
    )


def version_line(ours: str, advice: Sequence[str]) -> Line:
    """This program, and Graph's versions that are asked for."""
    if advice:
        return Line("version", Light.AMBER, f"wamon {ours}; {'; '.join(advice)}", "change [graph] version")
    return _green("version", f"wamon {ours}; Graph's version is current")
