"""All commands in one place: their names, their options, and where each one is answered."""

import os
import sys
import traceback
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import CycloptsError, Parameter

from wamon.cli.answers import FINE, WRONG, CannotError, say
from wamon.cli.declaring import maintenance, rule
from wamon.cli.notifying import notify
from wamon.cli.shape import ELSE, KEEP, LOOK, READ, WATCH, AsJson, Config, From, To, command_group
from wamon.cli.silencing import ack, note, silence
from wamon.terminal import PlainConsole

INTERRUPTED = 130

app = command_group(
    "wamon", "Watches the WhatsApp Business Cloud API and your webhook, and says whose fault a failure was."
)
incidents = command_group("incidents", "Incidents the daemon still knows, newest first.", WATCH)
db = command_group("db", "The database: integrity, backup, sizes, retention.", KEEP)
for part in (app, incidents, maintenance, silence, notify, db):
    part["--help"].group = ELSE
app["--version"].group = ELSE
for part in (incidents, maintenance, silence, notify, db):
    app.command(part)
for remark in (ack, note):
    incidents.command(remark)


def answer(arguments: Sequence[str]) -> int:
    """Answer one command line and give the exit code. What goes wrong is said in sentences on stderr."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = app(
            arguments or ["--help"],
            console=PlainConsole(),
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()  # whoever read us has seen enough
        return FINE
    except KeyboardInterrupt:
        return INTERRUPTED
    except CannotError as refused:
        say(f"wamon: {refused}")
        return refused.code
    except CycloptsError as wrong:
        say(f"wamon: {_sentence(wrong)} See: wamon --help")
        return WRONG
    except OSError as failed:
        _close_stdout()
        say(f"wamon: {_failed(failed)}")
        return WRONG
    except Exception as mistake:
        say(_own_mistake(mistake))
        return WRONG
    return code or FINE


def _sentence(wrong: CycloptsError) -> str:
    return " ".join(str(wrong).split())


def _close_stdout() -> None:
    """What is still waiting to be written goes nowhere, and raises nothing on the way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(failed: OSError) -> str:
    reason = (failed.strerror or str(failed)).lower()
    return f"{failed.filename}: {reason}" if failed.filename else f"reading or writing failed: {reason}"


def _own_mistake(mistake: Exception) -> str:
    """The kind and the place, never the text: it may quote what should not be shown."""
    last = traceback.extract_tb(mistake.__traceback__)[-1]
    place = f"{Path(last.filename).name}:{last.lineno}"
    return f"wamon: a mistake of wamon's own, please report it: {type(mistake).__name__} at {place}"


@app.command(group=WATCH)
def run(*, config: Config = None) -> int:
    """The daemon: watches, judges, serves the page, tells people."""
    from wamon.cli.run import run_command

    return run_command(config)


@app.command(group=WATCH)
def demo(*, once: Annotated[bool, Parameter(help="play the week, print its days, end")] = False) -> int:
    """A simulated bad week, played in a minute, on a status page."""
    from wamon.cli.demo import demo_command

    return demo_command(once)


@app.command(group=WATCH)
def status(
    *,
    account: Annotated[str | None, Parameter(help="one client: only its targets")] = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Every target now, open incidents, today's figures."""
    from wamon.cli.now import status_command

    return status_command(config, json, account)


@incidents.default
@incidents.command(name="list")
def list_incidents(
    *,
    account: Annotated[str | None, Parameter(help="one client: only those of its targets")] = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Incidents the daemon still knows, newest first."""
    from wamon.cli.now import incidents_command

    return incidents_command(config, json, account)


@incidents.command(name="show")
def show_incident(
    name: Annotated[str, Parameter(help="as listed: TARGET@BEGINNING, or the target alone for its latest")],
    /,
    *,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """One incident."""
    from wamon.cli.now import incident_command

    return incident_command(name, config, json)


@app.command(group=LOOK)
def check(
    *,
    show: Annotated[bool, Parameter(help="only print every setting in force, what is private masked")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Validate the configuration, look once at every target."""
    from wamon.cli.check import check_command, show_command

    return show_command(config, json) if show else check_command(config, json)


@app.command(group=LOOK)
def doctor(*, config: Config = None, json: AsJson = False) -> int:
    """Whether we are the problem: clock, names, disk, token, channels and more, each with its remedy."""
    from wamon.cli.doctor import doctor_command

    return doctor_command(config, json)


@app.command(group=LOOK)
def probe(
    target: Annotated[str, Parameter(help="a target's name in the configuration")],
    /,
    *,
    explain: Annotated[bool, Parameter(help="what each rule in turn said")] = False,
    yes: Annotated[bool, Parameter(help="send a message target's real message without asking")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """One exchange with one target, and its verdict."""
    from wamon.cli.probe import probe_command

    return probe_command(target, explain, config, json, yes)


@app.command(group=READ)
def explain(
    code: Annotated[str, Parameter(help="131026, 190/463, or the word undelivered")], /, *, json: AsJson = False
) -> int:
    """What a code of Meta's means, whose fault it is, what to do."""
    from wamon.cli.explain import explain_command

    return explain_command(code, json)


@app.command(group=READ)
def classify(
    file: Annotated[
        str, Parameter(help="JSON Lines of exchanges; - or nothing: stdin", allow_leading_hyphen=True)
    ] = "-",
    /,
    *,
    json: Annotated[bool, Parameter(name="--json", help="changes nothing: each verdict is JSON anyway")] = False,
) -> int:
    """Recorded exchanges in, one verdict per line out."""
    from wamon.cli.classify import classify_command

    return classify_command(file)


@app.command(group=READ)
def replay(
    file: Annotated[
        str, Parameter(help="JSON Lines of exchanges, sorted by time; - for stdin", allow_leading_hyphen=True)
    ],
    /,
    *,
    config: Annotated[
        Path | None, Parameter(name=["--config", "-c"], help="the configuration to judge by")
    ] = None,
    json: AsJson = False,
) -> int:
    """Days and incidents of recorded exchanges, judged anew."""
    from wamon.cli.replay import replay_command

    return replay_command(file, config, json)


@app.command(group=READ)
def uptime(
    *,
    from_: From = None,
    to: To = None,
    target: Annotated[str | None, Parameter(help="only this row; platform is one")] = None,
    as_of: Annotated[date | None, Parameter(help="as it was published by the end of that day")] = None,
    insufficient: Annotated[bool, Parameter(help="count days under 90 % coverage in the months too")] = False,
    secondary: Annotated[bool, Parameter(help="bad minutes and shares of looks too, as a table")] = False,
    account: Annotated[str | None, Parameter(help="one client's days: only its own targets and numbers")] = None,
    format_: Annotated[
        Literal["table", "json", "csv", "html"], Parameter(name="--format", help="table, json, csv or html")
    ] = "table",
    config: Config = None,
    json: AsJson = False,
) -> int:
    """Published days and months."""
    from wamon.cli.uptime import Asked, uptime_command

    return uptime_command(
        Asked(from_, to, target, as_of, insufficient, secondary, account), "json" if json else format_, config
    )


@app.command(group=READ)
def reclassify(
    *,
    from_: From = None,
    to: To = None,
    dry_run: Annotated[bool, Parameter(help="only say what it would turn")] = False,
    reopen: Annotated[bool, Parameter(help="let frozen days change too")] = False,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """The weekly pass, now: judge again with later evidence."""
    from wamon.cli.reclassify import reclassify_command

    return reclassify_command(from_, to, dry_run, reopen, config, json)


@app.command(group=READ)
def evidence(
    incident: Annotated[str, Parameter(help="TARGET@INSTANT, as incidents list shows it")],
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"], help="the ZIP to write")] = None,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """A redacted bundle for a Direct Support ticket."""
    from wamon.cli.evidence import evidence_command

    return evidence_command(incident, output, config, json)


app.command(rule, group=READ)


@app.command(group=KEEP)
def init(file: Annotated[Path, Parameter(help="the file to write")] = Path("wamon.toml"), /) -> int:
    """Ask a few questions, write a commented configuration."""
    from wamon.cli.init import init_command

    return init_command(file)


@app.command(name="install-service", group=KEEP)
def install_service(
    *,
    config: Annotated[Path, Parameter(name=["--config", "-c"], help="the configuration the service uses")] = Path(
        "/etc/wamon/wamon.toml"
    ),
    print_: Annotated[bool, Parameter(name="--print", help="only print the unit")] = False,
    yes: Annotated[bool, Parameter(name=["--yes", "-y"], help="do not ask")] = False,
    folder: Annotated[Path, Parameter(help="where systemd looks for units")] = Path("/etc/systemd/system"),
) -> int:
    """Print the systemd unit, then install and start it."""
    from wamon.cli.service import install_command

    return install_command(config, folder, only_print=print_, yes=yes)


@db.command(name="check")
def db_check(*, config: Config = None, json: AsJson = False) -> int:
    """Read every page and every reference; say what is wrong."""
    from wamon.cli.database import check_command

    return check_command(config, json)


@db.command(name="backup")
def db_backup(
    file: Annotated[Path, Parameter(help="the copy; it must not exist")],
    /,
    *,
    config: Config = None,
    json: AsJson = False,
) -> int:
    """A verified copy, made while the daemon goes on writing."""
    from wamon.cli.database import backup_command

    return backup_command(file, config, json)


@db.command(name="stats")
def db_stats(*, config: Config = None, json: AsJson = False) -> int:
    """Bytes, rows, and the time they cover."""
    from wamon.cli.database import stats_command

    return stats_command(config, json)


@db.command(name="prune")
def db_prune(*, config: Config = None, json: AsJson = False) -> int:
    """Drop looks older than observation_days, of settled days only, and old webhooks."""
    from wamon.cli.database import prune_command

    return prune_command(config, json)


@db.command(name="rebuild")
def db_rebuild(*, config: Config = None, json: AsJson = False) -> int:
    """Make every cache anew from the facts."""
    from wamon.cli.database import rebuild_command

    return rebuild_command(config, json)
