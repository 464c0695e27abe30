"""Good configurations: the published sample, defaults, what follows from them, and writing them back."""

from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.settings.texts import API, CONTROL, EDGE, HOOK, OPS, SEND
from wamon.core.incident import Kind, Severity
from wamon.core.observation import ProbeKind
from wamon.settings import (
    Account,
    Address,
    ApiTarget,
    Availability,
    Channel,
    ControlTarget,
    EdgeTarget,
    Incidents,
    MessageTarget,
    Receiver,
    Reclassification,
    SecretRef,
    Service,
    Settings,
    SettingsError,
    TokenTarget,
    WebhookTarget,
    as_tables,
    build,
    default_settings,
    masked,
    parse,
    resolve_all,
    secrets_needed,
)
from wamon.settings.reading import Document
from wamon.settings.schema import NamedAccount

SAMPLE = (Path(__file__).parent / "contract_sample.toml").read_text()
ALL_BUT_DEGRADED = tuple(kind for kind in Kind if kind is not Kind.DEGRADED)


def credential(name: str) -> SecretRef:
    return SecretRef("credential", name)


def test_the_published_sample_gives_the_published_values() -> None:
    assert parse(SAMPLE) == Settings(
        service=Service(listen=Address("127.0.0.1", 9877), database="wamon.db", timezone=ZoneInfo("UTC")),
        graph=Account(
            base_url="https://graph.facebook.com",
            version="v25.0",
            access_token=credential("access_token"),
            app_id=None,
            app_secret=credential("app_secret"),
            waba_id=None,
        ),
        targets=(
            ApiTarget(
                name="cloud-api",
                phone_number_id="106540352242922",
                interval_ms=60_000,
                timeout_ms=10_000,
                account="graph",
            ),
            MessageTarget(
                name="send",
                phone_number_id="106540352242922",
                to="15550000000",
                template="wamon_canary",
                language="en_US",
                interval_ms=7_200_000,
                timeout_ms=10_000,
                delivery_deadline_ms=120_000,
                daily_cap=12,
            ),
            WebhookTarget(
                name="webhook",
                url="https://business.example/webhook",
                verify_token=credential("verify_token"),
                interval_ms=30_000,
                timeout_ms=10_000,
                signed_event=False,
            ),
            TokenTarget(name="token", interval_ms=900_000, timeout_ms=10_000),
            ControlTarget(name="control-1", url="https://one.example/", interval_ms=60_000, timeout_ms=10_000),
        ),
        receiver=Receiver(
            listen=None,
            public_url=None,
            verify_token=credential("verify_token"),
            app_secret=credential("app_secret"),
            app_secret_previous=None,
        ),
        availability=Availability(objective=99.9, confirm=2, recheck_ms=10_000),
        incidents=Incidents(open_after_ms=120_000, resolve_after_ms=120_000),
        reclassification=Reclassification(weekday=0, at=time(6, 0), days=14),
        channels=(Channel(name="ops", url=SecretRef("env", "WAMON_OPS_URL"), on=ALL_BUT_DEGRADED),),
        receiving=True,
    )


@pytest.mark.parametrize("table", [Service, Account, Receiver, Availability, Incidents, Reclassification])
def test_p17_a_table_left_out_is_the_published_sample_s(table: type) -> None:
    field = {Account: "graph"}.get(table, table.__name__.lower())
    assert getattr(parse(EDGE), field) == table() == getattr(parse(SAMPLE), field)


def test_without_a_file_graph_and_two_controls_of_different_hosts_are_watched_without_a_token() -> None:
    watched = default_settings().targets
    assert [one.probe for one in watched] == [ProbeKind.EDGE, ProbeKind.CONTROL, ProbeKind.CONTROL]
    assert len({one.url for one in watched if isinstance(one, ControlTarget)}) == 2
    assert {one.interval_ms for one in watched} == {60_000}


def test_a_channel_without_a_list_gets_all_but_degraded() -> None:
    assert parse(OPS + 'url = "env:OPS"\n').channels[0].on == ALL_BUT_DEGRADED


@pytest.mark.parametrize(
    ("interval", "timeout_ms"), [("60s", 10_000), ("11s", 10_000), ("10s", 5_000), ("5s", 2_500), ("1s", 500)]
)
def test_a_timeout_left_out_is_always_shorter_than_the_interval(interval: str, timeout_ms: int) -> None:
    target = parse(f'{EDGE}interval = "{interval}"\n').targets[0]
    assert isinstance(target, EdgeTarget)
    assert target.timeout_ms == timeout_ms


def test_a_timeout_may_be_a_millisecond_under_the_interval() -> None:
    target = parse(EDGE + 'interval = "2s"\ntimeout = "1999ms"\n').targets[0]
    assert isinstance(target, EdgeTarget)
    assert (target.interval_ms, target.timeout_ms) == (2_000, 1_999)


@pytest.mark.parametrize(("interval", "cap"), [("2h", 12), ("45m", 32), ("5h", 5), ("72h", 1)])
def test_a_daily_cap_left_out_lets_every_regular_canary_through(interval: str, cap: int) -> None:
    target = parse(f'{SEND}interval = "{interval}"\n').targets[0]
    assert isinstance(target, MessageTarget)
    assert target.daily_cap == cap


def test_an_account_takes_from_graph_what_it_leaves_out() -> None:
    graph = '[graph]\nversion = "v24.0"\nwaba_id = "7"\napp_id = "9"\n'
    acme = '[[accounts]]\nname = "acme"\naccess_token = "env:ACME"\nwaba_id = "8"\n'
    found = parse(EDGE + 'account = "acme"\n' + graph + acme)
    token = SecretRef("env", "ACME")
    assert found.account("acme") == NamedAccount(
        name="acme", version="v24.0", waba_id="8", app_id="9", access_token=token
    )
    assert found.account("graph") == found.graph


VALUES = {
    "[service]\nlisten = '[::1]:0'\n": ("service", "listen", Address("::1", 0)),
    "[service]\ntimezone = 'Asia/Kolkata'\n": ("service", "timezone", ZoneInfo("Asia/Kolkata")),
    "[graph]\nbase_url = 'http://127.0.0.1:9/graph/'\n": ("graph", "base_url", "http://127.0.0.1:9/graph"),
    "[incidents]\nopen_after = '0s'\n": ("incidents", "open_after_ms", 0),
    "[availability]\nobjective = 100\n": ("availability", "objective", 100.0),
    "[availability]\nobjective = 0\n": ("availability", "objective", 0.0),
    "[reclassification]\nweekday = 'Sunday'\n": ("reclassification", "weekday", 6),
    "[digest]\nat = '07:30'\n": ("digest", "at", time(7, 30)),
    "[digest]\ndaily = false\n": ("digest", "daily", False),
    "[reference]\nenabled = false\n": ("reference", "enabled", False),
    "[network]\nsecond_resolver = '9.9.9.9'\n": ("network", "second_resolver", Address("9.9.9.9", 53)),
    "[network]\nsecond_resolver = '2620:fe::fe'\n": ("network", "second_resolver", Address("2620:fe::fe", 53)),
    "[network]\nsecond_resolver = '[2620:fe::fe]:5353'\n": (
        "network",
        "second_resolver",
        Address("2620:fe::fe", 5353),
    ),
    "[network]\nsecond_resolver = '127.0.0.1:5353'\n": ("network", "second_resolver", Address("127.0.0.1", 5353)),
    "[network]\nsecond_resolver = ''\n": ("network", "second_resolver", None),
    "[reference]\ninterval = '5m'\n": ("reference", "interval_ms", 300_000),
    "[reference]\nbase_url = 'http://127.0.0.1:9/'\n": ("reference", "base_url", "http://127.0.0.1:9"),
    "[reclassification]\nat = '23:59'\n": ("reclassification", "at", time(23, 59)),
    "[service]\nlisten = 'localhost:65535'\n": ("service", "listen", Address("localhost", 65_535)),
    "[availability]\nconfirm = 1\n": ("availability", "confirm", 1),
    "[availability]\nconfirm = 100\n": ("availability", "confirm", 100),
    "[receiver]\npublic_url = ''\n": ("receiver", "public_url", None),
}


@pytest.mark.parametrize(("text", "expected"), VALUES.items())
def test_a_value_is_read(text: str, expected: tuple[str, str, object]) -> None:
    table, field, value = expected
    assert getattr(getattr(parse(EDGE + text), table), field) == value


def test_a_notice_named_twice_is_heard_once() -> None:
    text = OPS + 'url = "env:OPS"\non = ["outage", "outage", "digest"]\n'
    assert parse(text).channels[0].on == (Kind.OUTAGE, Kind.DIGEST)


def test_a_channel_says_what_it_hears_of_and_when() -> None:
    (channel,) = parse(
        SEND
        + '[[channels]]\nname = "ops"\nurl = "env:OPS"\nseverities = ["critical"]\naccounts = ["graph"]\n'
        + 'targets = ["send.roundtrip", "send.roundtrip"]\nquiet_hours = "22:30-07:00"\ntimezone = "Asia/Tokyo"\n'
        + "hourly_cap = 5\n"
    ).channels
    assert (channel.severities, channel.targets, channel.accounts) == (
        (Severity.CRITICAL,), ("send.roundtrip",), ("graph",),
    )  # fmt: skip
    assert (channel.quiet_hours, channel.timezone) == ((time(22, 30), time(7)), ZoneInfo("Asia/Tokyo"))
    assert channel.hourly_cap == 5


RECEIVING = {EDGE: False, API: False, HOOK: False, SEND: True, EDGE + "[receiver]\n": True}


@pytest.mark.parametrize(("text", "receiving"), [*RECEIVING.items(), (EDGE.replace("edge", "traffic"), True)])
def test_the_receiver_runs_when_it_is_named_or_needed(text: str, receiving: bool) -> None:
    assert parse(text).receiving is receiving


def test_a_canary_s_way_back_is_a_target_of_its_own_name() -> None:
    target = parse(SEND).targets[0]
    assert isinstance(target, MessageTarget)
    assert target.roundtrip == "send.roundtrip"


def test_a_control_may_look_like_meta_without_being_meta() -> None:
    assert parse(CONTROL + 'url = "https://notfacebook.com/meta.com"\n').targets[0].name == "control-1"


@pytest.mark.parametrize(
    ("database", "environ", "path"),
    [
        ("wamon.db", {}, "wamon.db"),
        ("wamon.db", {"STATE_DIRECTORY": "/var/lib/wamon"}, "/var/lib/wamon/wamon.db"),
        ("wamon.db", {"STATE_DIRECTORY": "/var/lib/a:/var/lib/b"}, "/var/lib/a/wamon.db"),
        ("/srv/wamon.db", {"STATE_DIRECTORY": "/var/lib/wamon"}, "/srv/wamon.db"),
    ],
)
def test_the_ledger_is_where_systemd_keeps_state(database: str, environ: dict[str, str], path: str) -> None:
    assert Service(database=database).database_path(environ) == Path(path)


EVERYTHING = (
    SAMPLE
    + EDGE
    + 'family = "ipv6"\nca_file = "/etc/ca.pem"\n'
    + '[[channels]]\nname = "pager"\nurl = "env:PAGER"\nseverities = ["critical"]\ntargets = ["graph"]\n'
    + 'quiet_hours = "22:00-07:00"\ntimezone = "Europe/Berlin"\n'
)


@pytest.mark.parametrize("text", [EDGE, EVERYTHING], ids=["least", "most"])
def test_settings_written_back_are_read_as_the_same(text: str) -> None:
    settings = parse(text)
    assert build([Document("", as_tables(settings))], "wamon.toml") == settings


def test_settings_for_showing_cover_queries_and_phone_numbers() -> None:
    shown = masked(parse(SEND + HOOK.replace("b.example/", "b.example/hook?key=hunter2")))
    assert [one.get("to") for one in shown["targets"]] == ["*********00", None]
    assert shown["targets"][1]["url"] == "https://b.example/hook?***"
    assert shown["graph"]["access_token"] == "credential:access_token"
    assert "hunter2" not in repr(shown)


TRAFFIC = '[[targets]]\nname = "real"\nprobe = "traffic"\n'
REPORTS = '[reports]\nsecret = "env:REPORTS"\n'


@pytest.mark.parametrize(
    ("text", "receiving"),
    [
        (TRAFFIC, True),
        (TRAFFIC + REPORTS, False),
        (TRAFFIC + REPORTS + "[receiver]\n", True),
        (EDGE + REPORTS, False),
    ],
)
def test_real_traffic_needs_a_receiver_unless_an_application_reports_it(text: str, receiving: bool) -> None:
    settings = parse(text)
    assert settings.receiving is receiving
    places = [need.place for need in secrets_needed(settings)]
    assert ("[reports] secret" in places) is (REPORTS in text)


@pytest.mark.parametrize("secret", ["", "fifteen letters", "sixteen letters\n.", "sechzehn Zeichen ä"])
def test_a_secret_for_reports_that_may_be_guessed_or_cannot_be_sent_is_refused(secret: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        resolve_all(parse(EDGE + REPORTS), {"REPORTS": secret})
    assert "[reports] secret: " in str(refusal.value)
    assert secret == "" or secret not in str(refusal.value)
    assert resolve_all(parse(EDGE + REPORTS), {"REPORTS": "sixteen letters."})
