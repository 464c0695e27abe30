"""Every kind of probe asks what it should, and its request never shows a secret."""

import dataclasses
import logging
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from wamon.core.observation import ProbeKind
from wamon.probes import webhook
from wamon.probes.aim import Aim
from wamon.probes.kinds import KINDS, NEW_EACH_TIME
from wamon.wire.request import Request, token_fingerprint

AIM = Aim(
    version="v25.0",
    phone_number_id="106540352242922",
    access_token="EAAGcanary|token",
    app_id="4711",
    app_secret="canary-app-secret",
    url="https://business.example/webhook?tenant=7",
    verify_token="canary verify+token",
    to="15550000000",
    template="wamon_canary",
    language="en_US",
    nonce="90071992547",
)
SECRETS = (AIM.access_token, AIM.app_secret, AIM.verify_token)
WEBHOOKS = (
    webhook.request,
    webhook.wrong_token_request,
    webhook.signed_event_request,
    webhook.forged_event_request,
)
BUILDERS = {*KINDS.values(), *WEBHOOKS}


def query_of(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.url).query)


def fingerprint(kind: ProbeKind, **changed: str) -> str:
    return KINDS[kind](dataclasses.replace(AIM, **changed)).request_fingerprint


def test_the_edge_is_asked_without_a_token() -> None:
    request = KINDS[ProbeKind.EDGE](AIM)
    assert (request.method, request.url) == ("GET", "https://graph.facebook.com/v25.0/me?fields=id")
    assert (request.bearer, request.token_fingerprint) == ("", None)


def test_the_number_is_asked_for_every_field_that_tells_whether_it_may_send() -> None:
    request = KINDS[ProbeKind.API](AIM)
    assert request.url == (
        "https://graph.facebook.com/v25.0/106540352242922?fields=id,display_phone_number,verified_name,"
        "quality_rating,status,name_status,code_verification_status,account_mode,throughput,platform_type,"
        "health_status,webhook_configuration"
    )
    assert request.bearer == AIM.access_token


@pytest.mark.parametrize(
    ("app_id", "app_secret", "bearer"),
    [
        ("4711", "canary-app-secret", "4711|canary-app-secret"),
        ("", "canary-app-secret", AIM.access_token),
        ("4711", "", AIM.access_token),
    ],
)
def test_a_token_is_inspected_by_the_app_where_it_is_known(app_id: str, app_secret: str, bearer: str) -> None:
    request = KINDS[ProbeKind.TOKEN](dataclasses.replace(AIM, app_id=app_id, app_secret=app_secret))
    assert request.bearer == bearer
    assert urlsplit(request.url).path == "/v25.0/debug_token"
    assert query_of(request) == {"input_token": [AIM.access_token]}
    assert request.token_fingerprint == token_fingerprint(AIM.access_token)


def test_the_token_probe_and_the_api_probe_name_the_same_token_alike() -> None:
    assert KINDS[ProbeKind.TOKEN](AIM).token_fingerprint == KINDS[ProbeKind.API](AIM).token_fingerprint


def test_the_handshake_is_the_one_of_meta_and_keeps_the_endpoints_own_query() -> None:
    request = KINDS[ProbeKind.WEBHOOK](AIM)
    assert query_of(request) == {
        "tenant": ["7"],
        "hub.mode": ["subscribe"],
        "hub.challenge": [AIM.nonce],
        "hub.verify_token": [AIM.verify_token],
    }
    assert request.expected_body == AIM.nonce


def test_a_wrong_token_is_sent_in_place_of_the_right_one() -> None:
    assert query_of(webhook.wrong_token_request(AIM))["hub.verify_token"] == [webhook.WRONG_TOKEN]


VECTORS = [
    (
        b'{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (
        b'{"object": "whatsapp_business_account", "entry": []}',
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
    (rb'{"t":"\u00e4"}', "50daf52e6a4c373be5927cf97fa1da300f00e8b4050de7aedeffdce3e532ab1a"),
    ('{"t":"ä"}'.encode(), "06fa411aed765ad4d417fb5f4e739b523235ab8ddf97c74c12dd6dc6cb93130d"),
]


@pytest.mark.parametrize(("raw", "digest"), VECTORS)
def test_a_signature_is_over_the_bytes_as_they_travel(raw: bytes, digest: str) -> None:
    assert webhook.sign("test_app_secret", raw) == f"sha256={digest}"


def test_the_empty_event_is_signed_and_its_twin_is_forged() -> None:
    signed, forged = webhook.signed_event_request(AIM), webhook.forged_event_request(AIM)
    good = webhook.sign(AIM.app_secret, webhook.EMPTY_EVENT)
    assert dict(signed.headers)["X-Hub-Signature-256"] == good
    assert dict(forged.headers)["X-Hub-Signature-256"] != good
    assert (signed.method, signed.content) == ("POST", forged.content) == ("POST", webhook.EMPTY_EVENT)


def test_the_canary_is_a_template_that_can_be_recognised() -> None:
    request = KINDS[ProbeKind.MESSAGE](AIM)
    assert (request.method, urlsplit(request.url).path) == ("POST", "/v25.0/106540352242922/messages")
    assert msgspec.json.decode(request.content) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": "15550000000",
        "type": "template",
        "template": {"name": "wamon_canary", "language": {"code": "en_US"}},
        "biz_opaque_callback_data": "90071992547",
    }


SAME_REQUEST = [
    (ProbeKind.API, {"access_token": "EAAGanother"}),
    (ProbeKind.TOKEN, {"access_token": "EAAGanother"}),
    (ProbeKind.TOKEN, {"app_secret": "rotated-secret"}),
    (ProbeKind.MESSAGE, {"access_token": "EAAGanother", "nonce": "1"}),
    (ProbeKind.WEBHOOK, {"verify_token": "another", "nonce": "1"}),
]
OTHER_REQUEST = [
    (ProbeKind.API, {"version": "v24.0"}),
    (ProbeKind.API, {"phone_number_id": "1"}),
    (ProbeKind.API, {"base_url": "https://graph.example"}),
    (ProbeKind.MESSAGE, {"template": "hello_world"}),
    (ProbeKind.MESSAGE, {"to": "15550000001"}),
    (ProbeKind.WEBHOOK, {"url": "https://business.example/webhook?tenant=8"}),
]


@pytest.mark.parametrize(("kind", "changed"), SAME_REQUEST)
def test_a_new_token_or_correlation_id_makes_no_other_request(kind: ProbeKind, changed: dict[str, str]) -> None:
    assert fingerprint(kind, **changed) == fingerprint(kind)


@pytest.mark.parametrize(("kind", "changed"), OTHER_REQUEST)
def test_anything_else_that_changes_makes_another_request(kind: ProbeKind, changed: dict[str, str]) -> None:
    assert fingerprint(kind, **changed) != fingerprint(kind)


def test_every_kind_of_request_has_a_fingerprint_of_its_own() -> None:
    prints = [build(AIM).request_fingerprint for build in BUILDERS]
    assert len(set(prints)) == len(BUILDERS)
    assert {len(bytes.fromhex(each)) for each in prints} == {16}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kinds_that_are_new_each_time_are_those_that_hold_the_nonce(kind: ProbeKind) -> None:
    first, second = KINDS[kind](AIM), KINDS[kind](dataclasses.replace(AIM, nonce="1"))
    assert ((first.url, first.content) != (second.url, second.content)) == (kind in NEW_EACH_TIME)


@pytest.mark.parametrize("build", BUILDERS, ids=lambda build: f"{build.__module__}.{build.__name__}")
def test_nothing_printed_of_a_request_shows_a_secret(build, caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[no-untyped-def]
    request = build(AIM)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%r %s %r %s", request, request, AIM, f"{request}")
    for secret in SECRETS:
        assert secret not in caplog.text
        assert secret not in f"{request.request_fingerprint} {request.token_fingerprint}"


UNSENDABLE = [
    (
        {"bearer": "EAAGcanary\n"},
        "the value of Authorization holds a line break or a character that no header may hold: "
        "look for a stray newline or a quotation mark in the secret",
    ),
    (
        {"bearer": "EAAGcanary“"},
        "the value of Authorization holds a line break or a character that no header may hold: "
        "look for a stray newline or a quotation mark in the secret",
    ),
    ({"method": "DELETE"}, "DELETE is no method a probe uses: take GET or POST"),
    ({"url": "ftp://one.example/x"}, "ftp://one.example/x is no address to probe: take https://host/path"),
    ({"url": "https:///x?token=1"}, "https:///x is no address to probe: take https://host/path"),
    ({"url": "https://a:70000/"}, "https://a:70000/ is no address to probe: take https://host/path"),
    ({"url": "https://me:secret@a:port/"}, "https://a:port/ is no address to probe: take https://host/path"),
    ({"url": "https://☃☃.\u2603--/"}, "https://☃☃.\u2603--/ is no address to probe: take https://host/path"),
]


@pytest.mark.parametrize(("wrong", "sentence"), UNSENDABLE)
def test_what_cannot_be_sent_is_refused_with_a_sentence(wrong: dict[str, str], sentence: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Request(**{"method": "GET", "url": "https://one.example/", **wrong})  # type: ignore[arg-type]
    assert str(refusal.value) == sentence
