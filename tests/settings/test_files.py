"""Settings from files: the main one, the folder of clients, and what may be wrong with either."""

from pathlib import Path

import pytest

from tests.settings.texts import EDGE
from wamon.settings import SettingsError, load

CLIENT = """
[[accounts]]
name = "acme"
access_token = "env:ACME"
[[targets]]
name = "acme-api"
probe = "api"
account = "acme"
phone_number_id = "2"
[[channels]]
name = "acme-ops"
url = "env:ACME_OPS"
"""


def written(folder: Path, text: str, **clients: str) -> Path:
    (folder / "clients").mkdir()
    for name, client in clients.items():
        (folder / "clients" / f"{name}.toml").write_text(client)
    path = folder / "wamon.toml"
    path.write_text(text)
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(SettingsError) as refusal:
        load(path)
    assert refusal.value.name == str(path) or refusal.value.name.startswith(str(path.parent))
    return list(refusal.value.problems)


def test_each_file_of_the_folder_adds_a_client(tmp_path: Path) -> None:
    other = CLIENT.replace("acme", "bolt").replace("ACME", "BOLT")
    settings = load(written(tmp_path, EDGE + '[service]\ninclude = "clients"\n', b_bolt=other, a_acme=CLIENT))
    assert [one.name for one in settings.accounts] == ["acme", "bolt"]
    assert [one.name for one in settings.targets] == ["graph", "acme-api", "bolt-api"]
    assert [one.name for one in settings.channels] == ["acme-ops", "bolt-ops"]


def test_what_an_editor_leaves_in_the_folder_is_no_client(tmp_path: Path) -> None:
    path = written(tmp_path, EDGE + '[service]\ninclude = "clients"\n', acme=CLIENT)
    (tmp_path / "clients" / ".#acme.toml").symlink_to("somebody@somewhere.4711")
    (tmp_path / "clients" / ".acme.toml").write_text("half a f")
    (tmp_path / "clients" / "acme.toml~").write_text(CLIENT)
    assert [one.name for one in load(path).accounts] == ["acme"]


def test_targets_may_stand_in_the_folder_only(tmp_path: Path) -> None:
    settings = load(written(tmp_path, '[service]\ninclude = "clients"\n', acme=CLIENT))
    assert [one.name for one in settings.targets] == ["acme-api"]


def test_a_problem_in_a_client_s_file_names_that_file(tmp_path: Path) -> None:
    client = CLIENT.replace('"2"', "2") + '[service]\nlisten = "0.0.0.0:1"\n' + EDGE
    assert refused(written(tmp_path, EDGE + '[service]\ninclude = "clients"\n', acme=client)) == [
        "clients/acme.toml: [service]: stands in the main file only; "
        "an included file adds [[accounts]], [[targets]], [[channels]]",
        "clients/acme.toml: target acme-api, phone_number_id: "
        '2 is a number, and ids are text; write "2", in quotes',
        "clients/acme.toml: target graph, name: 'graph' is already taken; names are labels and must differ",
    ]


def test_a_client_s_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = written(tmp_path, EDGE + '[service]\ninclude = "clients"\n', acme="[[targets]\n")
    with pytest.raises(SettingsError, match="line 1, column 10") as refusal:
        load(path)
    assert refusal.value.report().startswith(f"{tmp_path}/clients/acme.toml: line 1")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, EDGE + '[service]\ninclude = "client"\n')
    assert refused(path) == ["[service] include: there is no folder 'client' beside this file"]


def test_a_file_that_is_not_there_is_refused_with_the_remedy(tmp_path: Path) -> None:
    assert refused(tmp_path / "wamon.toml") == ["there is no such file; make one with: wamon init"]


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    assert refused(tmp_path) == ["cannot be read: is a directory"]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "wamon.toml"
    path.write_bytes(b"[service]\nsite = '\xff'\n")
    assert refused(path) == ["byte 19 is not UTF-8 text; save wamon.toml as UTF-8"]


def test_windows_line_ends_and_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "wamon.toml"
    path.write_bytes(b"\xef\xbb\xbf" + EDGE.replace("\n", "\r\n").encode())
    assert load(path).targets[0].name == "graph"
