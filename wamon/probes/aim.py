"""What a probe is aimed at: everything its request may need, secrets resolved."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, repr=False)
class Aim:
    """One target's settings as plain values; each kind takes what it needs. Never printed: it holds secrets.

    ``base_url`` has no slash at its end. ``nonce`` is what is new each time: the challenge of a handshake
    (digits), the correlation id of a canary.
    """

    base_url: str = "https://graph.facebook.com"
    version: str = "v25.0"
    phone_number_id: str = ""
    access_token: str = ""
    app_id: str = ""
    app_secret: str = ""
    url: str = ""
    verify_token: str = ""
    to: str = ""
    template: str = ""
    language: str = ""
    nonce: str = ""

    def __repr__(self) -> str:
        return f"<Aim {self.url or self.base_url}>"

    def graph(self, path: str) -> str:
        """The address of a Graph node or edge in the configured version."""
        return f"{self.base_url}/{self.version}/{path}"
