"""What an operator may read of a failed attempt: everything useful, nothing of the address but its host."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.notifier.advice import advise, sentence
from wamon.notifier.redaction import LONGEST_TEXT, redact

MAIL = (
    "mailtos://ops%40corp:p%40ss%2Fw0rd@mail.example.org:587?mode=starttls&from=a@example.org&to=ops@other.example"
)
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"


def _plain(secret: str) -> str:
    return base64.b64encode(secret.encode()).decode()


SPOKEN = [
    (MAIL, True, "(535, b'no') at mail.example.org:587", "(535, b'no') at mail.example.org:587"),
    (MAIL, True, "recipient ops@other.example was refused", "recipient ***@*** was refused"),
    ("json://u:geheim@h.example/x", True, f"Basic {_plain('u:geheim')}", "Basic ***"),
    (MAIL, True, "ops@corp and p@ss/w0rd and p%40ss%2Fw0rd", "*** and *** and ***"),
    ("mailtos://u:ssl@h.example?mode=ssl", True, "ssl failed", "*** failed"),
    (SLACK, False, "T1JJ3T3L2 unknown", "*** unknown"),
    (SLACK, False, "max retries with url: /services/T1/x (refused)", "max retries with url: *** (refused)"),
    (SLACK, False, "see https://hooks.slack.com/services/anything now", "see *** now"),
    (SLACK, False, f"bad {SLACK}", "bad ***"),
    ("json://ab:cd@h/", True, "cd failed: abroad, a cdrom at h", "*** failed: abroad, a cdrom at h"),
    ("tgram://123456:AbC-d_E/99", False, "token ABC-D_E and abc-d_e", "token *** and ***"),
    ("json://h/", True, "two\nlines\tand  more", "two lines and more"),
]  # fmt: skip


@pytest.mark.parametrize(("url", "keeps_host", "said", "shown"), SPOKEN)
def test_a_text_is_shown_without_its_secrets(url: str, keeps_host: bool, said: str, shown: str) -> None:
    assert redact(said, url, keeps_host=keeps_host) == shown


def test_a_long_text_is_cut() -> None:
    assert redact("so " * 500, "json://h/", keeps_host=True) == ("so " * 500)[: LONGEST_TEXT - 1] + "…"


secrets = st.text(
    st.characters(codec="utf-8", exclude_characters="*", categories=["L", "N", "P", "S"]), min_size=4
)


@given(secrets, st.text(max_size=30), st.text(max_size=30))
def test_no_password_survives_in_any_of_its_forms(secret: str, before: str, after: str) -> None:
    url = f"mailtos://someone:{quote(secret, safe='')}@mail.example.org?to=x@example.org"
    for form in (secret, quote(secret, safe=""), _plain(secret), _plain(f"\0someone\0{secret}")):
        shown = redact(f"{before} {form} {after}", url, keeps_host=True)
        assert form.lower() not in shown.lower() or form.lower() in f"{before} {after}".lower()


ADVISED = {
    "Socket Exception: (535, b'5.7.8 Authentication credentials invalid')": "refused the login",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed": "REQUESTS_CA_BUNDLE",
    "STARTTLS extension not supported by server.": "mode=ssl",
    "[SSL: WRONG_VERSION_NUMBER] wrong version number": "does not speak TLS",
    "[Errno -2] Name or service not known": "does not resolve",
    "[Errno 111] Connection refused": "nothing listens there",
    "timed out": "look for a firewall",
    "[Errno 101] Network is unreachable": "no way to that host",
    "SMTP recipient *** was refused: 550 no": "correct to= and from=",
    "Tunnel connection failed: 403 Forbidden": "HTTPS_PROXY",
    "Failed to send Slack notification: Unauthorized, error=401.": "refused the credentials",
    "Failed to send JSON POST notification: error=404.": "does not know this webhook",
    "error=429.": "asks for fewer messages",
    "error=413.": "overflow=split",
    "error=503.": "the service itself is in trouble",
    "something else": "wamon notify test",
}


@pytest.mark.parametrize(("said", "helps"), ADVISED.items())
def test_every_known_trouble_has_its_advice(said: str, helps: str) -> None:
    assert helps in advise(said)


def test_the_sentence_quotes_what_was_said_if_anything_was() -> None:
    assert sentence("timed out") == (
        "no answer in time: look for a firewall, a wrong port, or a server in trouble (it said: timed out)"
    )
    assert sentence("") == "look at the channel's address, and try it with: wamon notify test"
