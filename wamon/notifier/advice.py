"""What an operator can do about a letter that did not arrive: from a library's words to one sentence."""

import re

_ADVICE: tuple[tuple[str, str], ...] = (
    (r"\b53[0-9]\b|authentication credentials|AuthenticationError|SMTP AUTH extension|No suitable auth",
     "the mail server refused the login: put the right user and password into the channel's address"
     " (with two-step login, a password made for applications)"),
    (r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
     "the server's certificate is not trusted here: name its authority in SSL_CERT_FILE (mail) or"
     " REQUESTS_CA_BUNDLE (https), or correct the host"),
    (r"STARTTLS extension not supported",
     "the mail server offers no STARTTLS: use mode=ssl in the channel's address, or a server that does"),
    (r"WRONG_VERSION_NUMBER|wrong version number|record layer failure",
     "the other side does not speak TLS on this port: correct the port, or the mode (ssl, starttls)"),
    (r"Name or service not known|NameResolutionError|getaddrinfo|name resolution|nodename nor servname",
     "the host's name does not resolve: correct the host, or this machine's DNS"),
    (r"Connection refused", "nothing listens there: correct the host and port, or start that server"),
    (r"timed out|TimeoutError|ReadTimeout|ConnectTimeout",
     "no answer in time: look for a firewall, a wrong port, or a server in trouble"),
    (r"unreachable|No route to host", "there is no way to that host: look at this machine's network and routes"),
    (r"recipient .* was refused|Recipients? refused|\b55[0-9]\b",
     "the mail server refused a recipient or the sender: correct to= and from= in the channel's address"),
    (r"ProxyError|Tunnel connection failed", "the proxy does not let us through: look at HTTPS_PROXY"),
    (r"error=(401|403)|invalid_auth|invalid_token|Unauthorized|Forbidden",
     "the service refused the credentials: make a new token or webhook and put it into the channel's address"),
    (r"error=(404|410)|no_service|channel_not_found|Not Found",
     "the service does not know this webhook or room (deleted?): make a new one, put it into the address"),
    (r"error=429|Too Many Requests|rate.?limit", "the service asks for fewer messages: it is tried again later"),
    (r"error=413|too long|too large", "the service finds the message too long: add overflow=split to the address"),
    (r"error=5[0-9][0-9]", "the service itself is in trouble: it is tried again later"),
)  # fmt: skip
_FALLBACK = "look at the channel's address, and try it with: wamon notify test"


def advise(said: str) -> str:
    """One sentence on what to do about what the library or the server said."""
    return next((advice for sign, advice in _ADVICE if re.search(sign, said, re.IGNORECASE)), _FALLBACK)


def sentence(said: str) -> str:
    """The advice, followed by what was said, where anything was."""
    return f"{advise(said)} (it said: {said})" if said else advise(said)
