"""A partner's configuration: a file for each client beside the main one; every fifth has a token of its own."""

from pathlib import Path

OWN_TOKEN_EVERY = 5
"""The others are asked with the partner's token."""

_MAIN = """
[service]
listen = "127.0.0.1:{port}"
database = "{folder}/wamon.db"
include = "conf.d"
[graph]
base_url = "{base_url}"
access_token = "env:PARTNER_TOKEN"
[reference]
enabled = false
[[targets]]
name = "control-1"
probe = "control"
url = "{base_url}/one"
ca_file = "{ca_file}"
[[targets]]
name = "control-2"
probe = "control"
url = "{base_url}/two"
ca_file = "{ca_file}"
"""

_CLIENT = """
[[accounts]]
name = "client-{n:03}"
waba_id = "20{n:03}"
{token}
[[targets]]
name = "client-{n:03}.number"
account = "client-{n:03}"
probe = "api"
phone_number_id = "10{n:03}"
ca_file = "{ca_file}"
[[targets]]
name = "client-{n:03}.graph"
account = "client-{n:03}"
probe = "edge"
ca_file = "{ca_file}"
[[targets]]
name = "client-{n:03}.token"
account = "client-{n:03}"
probe = "token"
ca_file = "{ca_file}"
[[channels]]
name = "client-{n:03}"
url = "env:CHANNEL"
"""


def tokens(clients: int) -> dict[str, str]:
    """The environment: a token for the partner, one for every fifth client, and a channel's address for all."""
    own = {f"TOKEN_{n:03}": f"EAAG{n:03}" * 20 for n in range(0, clients, OWN_TOKEN_EVERY)}
    return own | {"PARTNER_TOKEN": "EAAGpartner" * 10, "CHANNEL": "json://127.0.0.1:9/"}


def write(folder: Path, clients: int, base_url: str, ca_file: str, port: int) -> Path:
    """Write the main file and one a client; gives the main one."""
    beside = folder / "conf.d"
    beside.mkdir(parents=True)
    for n in range(clients):
        token = f'access_token = "env:TOKEN_{n:03}"' if n % OWN_TOKEN_EVERY == 0 else ""
        (beside / f"client-{n:03}.toml").write_text(_CLIENT.format(n=n, token=token, ca_file=ca_file))
    main = folder / "wamon.toml"
    main.write_text(_MAIN.format(folder=folder, base_url=base_url, ca_file=ca_file, port=port))
    return main
