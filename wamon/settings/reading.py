"""TOML text to Settings. Every problem of a file is found in one go and said in one sentence."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from wamon.core.timeline import DAY, SECOND
from wamon.settings.checks import (
    TARGET_RULES,
    channel_problems,
    kept_too_briefly,
    receiver_problems,
    receives,
    reference_too_often,
    target_names,
)
from wamon.settings.fields import fields_of
from wamon.settings.refusal import SettingsError
from wamon.settings.schema import (
    DEFAULT_ACCOUNT,
    SEVERAL,
    SINGLE,
    TARGETS,
    Account,
    AnyTarget,
    AskingTarget,
    Channel,
    ControlTarget,
    EdgeTarget,
    MessageTarget,
    NamedAccount,
    Settings,
    Table,
    Target,
)
from wamon.settings.spelling import RefusedError, closest, did_you_mean, looks_secret, shown, shown_key
from wamon.settings.syntax import tables_of

T = TypeVar("T", bound=Table)

EXAMPLES = {
    "name": "cloud-api",
    "phone_number_id": "106540352242922",
    "to": "15550000000",
    "template": "wamon_canary",
    "verify_token": "credential:verify_token",
}
"""A right value for each key that may be missing; a URL's depends on where it stands."""
URL_EXAMPLES: dict[type[Table], str] = {
    Channel: "env:WAMON_OPS_URL",
    ControlTarget: "https://one.example/",
}
NOT_WRITTEN = {
    "roundtrip": 'a roundtrip comes with each message target by itself; write probe = "message"',
    "status": "status events arrive by the receiver; leave this target out",
}
"""Probes of CONTRACT section 4 that nobody configures."""


class Document(NamedTuple):
    """One parsed file. ``at`` stands before every place: empty for the main file."""

    at: str
    tables: Mapping[str, Any]


class Entry(NamedTuple):
    """One table with the words that stand before its keys, such as ``target graph, ``."""

    at: str
    raw: Mapping[str, Any]


def parse(text: str, *, name: str = "wamon.toml") -> Settings:
    """The settings of one TOML text. Raises SettingsError with every problem found."""
    return build([Document("", tables_of(text, name))], name)


def load(path: Path, *, may_be_idle: bool = False) -> Settings:
    """The settings of a file and of the folder that it includes. Raises SettingsError.

    Without a target there is nothing to watch, which is refused unless nothing is to be watched.
    """
    return build(_documents(path), str(path), may_be_idle=may_be_idle)


def load_channels(path: Path) -> Settings:
    """The channels of a file and nothing else of it, for a last word: the rest may be what is wrong.

    Raises SettingsError for a text that is no TOML and for channels that cannot be read.
    """
    return build(
        [Document(one.at, {"channels": one.tables.get("channels", [])}) for one in _documents(path)],
        str(path),
        may_be_idle=True,
    )


def _documents(path: Path) -> list[Document]:
    main = Document("", tables_of(_text_of(path, path.name), str(path)))
    service = main.tables.get("service")
    folder = service.get("include") if isinstance(service, dict) else None
    documents = [main]
    if isinstance(folder, str) and folder:
        documents += _included(path.parent / folder, folder, str(path))
    return documents


def _included(folder: Path, spoken: str, name: str) -> Iterator[Document]:
    if not folder.is_dir():
        raise SettingsError([f"[service] include: there is no folder {shown(spoken)} beside this file"], name)
    for path in sorted(folder.glob("[!.]*.toml")):  # an editor's lock is called .#acme.toml
        yield Document(f"{spoken}/{path.name}: ", tables_of(_text_of(path, str(path)), str(path)))


def _text_of(path: Path, name: str) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(["there is no such file; make one with: wamon init"], str(path)) from None
    except OSError as error:
        reason = (error.strerror or "unreadable").lower()
        raise SettingsError([f"cannot be read: {reason}"], str(path)) from None
    except UnicodeDecodeError as error:
        raise SettingsError(
            [f"byte {error.start + 1} is not UTF-8 text; save {name} as UTF-8"], str(path)
        ) from None


def build(documents: Sequence[Document], name: str, *, may_be_idle: bool = False) -> Settings:
    """Settings from parsed tables, the main file's first. Raises SettingsError."""
    problems = [problem for document in documents for problem in _wrong_tables(document, documents[0])]
    tables = documents[0].tables
    single: dict[str, Any] = {
        key: read_table(table, Entry(f"[{key}] ", tables.get(key, {})), problems)
        for key, table in SINGLE.items()
        if isinstance(tables.get(key, {}), dict)
    }
    several = {key: _entries(documents, key) for key in SEVERAL}
    account_names = [DEFAULT_ACCOUNT, *_names(several["accounts"])]
    accounts = _accounts(several["accounts"], single.get("graph") or Account(), problems)
    targets = _targets(several["targets"], accounts, account_names, problems)
    channels = _channels(several["channels"], target_names(targets), account_names, problems)
    if not may_be_idle and all(document.tables.get("targets", []) == [] for document in documents):
        problems.append("no [[targets]]: there is nothing to watch")
    reported = getattr(single.get("reports"), "secret", None) is not None
    receiving = "receiver" in tables or receives(targets, reported=reported)
    if receiving and single.get("receiver"):
        problems += receiver_problems(single["receiver"])
    if single.get("service") and single.get("reclassification"):
        problems += kept_too_briefly(single["service"], single["reclassification"])
    if single.get("reference"):
        problems += reference_too_often(single["reference"])
    if problems:
        raise SettingsError(problems, name)
    others = tuple(accounts[one] for one in account_names[1:])
    return Settings(**single, accounts=others, targets=targets, channels=channels, receiving=receiving)


def _wrong_tables(document: Document, main: Document) -> Iterator[str]:
    """Keys outside every table, unknown tables, single brackets for double ones and the other way round."""
    for key, value in document.tables.items():
        wrong = _wrong_table(key, value)
        if not wrong and key in SINGLE and document is not main:
            wrong = f"[{key}]: stands in the main file only; an included file adds {_brackets(SEVERAL)}"
        if wrong:
            yield document.at + wrong


def _wrong_table(key: str, value: object) -> str | None:
    if key in SINGLE:
        wrong = f"[[{key}]]: stands once" if isinstance(value, list) else f"{key}: {shown(value)} is no table"
        return None if isinstance(value, dict) else f"{wrong}; write [{key}], in single brackets"
    if key in SEVERAL:
        listed = isinstance(value, list) and all(isinstance(one, dict) for one in value)
        wrong = (
            f"[{key}]: may stand often"
            if isinstance(value, dict)
            else f"{key}: {shown(value)} is no list of tables"
        )
        return None if listed else f"{wrong}; write [[{key}]], in double brackets"
    if not isinstance(value, dict | list):
        homes = _homes(key)
        hint = f"it belongs to {homes}" if homes else "leave it out"
        return f"{shown_key(key)}: stands before every table; {hint}"
    near = closest(key, (*SINGLE, *SEVERAL))
    hint = f"did you mean {_brackets([near])}?" if near else f"there are {_brackets((*SINGLE, *SEVERAL))}"
    return f"[{shown_key(key)}]: no such table; {hint}"


def _brackets(keys: Sequence[str]) -> str:
    return ", ".join(f"[[{key}]]" if key in SEVERAL else f"[{key}]" for key in keys)


def _entries(documents: Sequence[Document], key: str) -> list[Entry]:
    """The tables of one kind in every file, each with the words for its place."""
    return [
        Entry(f"{document.at}{_place(key, number, raw)}, ", raw)
        for document in documents
        if isinstance(listed := document.tables.get(key, []), list)
        for number, raw in enumerate(listed, 1)
        if isinstance(raw, dict)
    ]


def _place(key: str, number: int, raw: Mapping[str, Any]) -> str:
    name = raw.get("name")
    known = isinstance(name, str) and re.fullmatch("[A-Za-z0-9._-]{1,64}", name) and not looks_secret(name)
    return f"{key.removesuffix('s')} {name}" if known else f"[[{key}]] number {number}"


def _names(entries: Sequence[Entry]) -> list[str]:
    return [name for entry in entries if isinstance(name := entry.raw.get("name"), str)]


def read_table(table: type[T], entry: Entry, problems: list[str], base: Table | None = None) -> T | None:
    """One table as a struct; None when something is wrong, which is then among the problems.

    What the table leaves out is taken from ``base``, if given, else from the defaults. Missing keys are told once
    everything that is there is right.
    """
    found = list(_unknown_keys(table, entry))
    given: dict[str, Any] = {}
    for field in fields_of(table):
        if field.key in entry.raw:
            try:
                given[field.name] = field.reader.read(entry.raw[field.key])
            except RefusedError as refused:
                found.append(f"{entry.at}{field.key}: {refused}")
        elif base is not None and hasattr(base, field.name) and field.key != "name":
            given[field.name] = getattr(base, field.name)
    found = found or list(_missing_keys(table, entry))
    problems += found
    return None if found else table(**_derived(table, given), **given)


def _unknown_keys(table: type[Table], entry: Entry) -> Iterator[str]:
    known = [field.key for field in fields_of(table)] + ["probe"] * issubclass(table, Target)
    for key in entry.raw:
        if key in known:
            continue
        homes = _homes(key)
        hint = f"it belongs to {homes}" if homes else did_you_mean(key, known)
        yield f"{entry.at}{shown_key(key)}: is no setting here; {hint}"


def _homes(key: str) -> str:
    """Where a key would be right, in words; empty when nowhere."""
    single = [f"[{name}]" for name, table in SINGLE.items() if _has(table, key)]
    probes = [probe for probe, table in TARGETS.items() if _has(table, key)]
    targets = ["[[targets]]" if len(probes) > 4 else f"{' and '.join(probes)} targets"] if probes else []
    several = ["[[accounts]]"] * (_has(NamedAccount, key) and not single) + ["[[channels]]"] * _has(Channel, key)
    return " or ".join(single + targets + several)


def _has(table: type[Table], key: str) -> bool:
    return any(field.key == key for field in fields_of(table))


def _missing_keys(table: type[Table], entry: Entry) -> Iterator[str]:
    for field in fields_of(table):
        if field.required and field.key not in entry.raw:
            example = URL_EXAMPLES.get(table, "https://business.example/webhook")
            example = EXAMPLES.get(field.key, example)
            yield f'{entry.at}{field.key}: is missing; write {field.key} = "{example}": {field.why}'


def _derived(table: type[Table], given: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults that follow from the interval: a time-out shorter than it, a cap that lets every canary through."""
    interval_ms = given.get("interval_ms")
    derived: dict[str, Any] = {}
    if interval_ms is None:
        return derived
    if issubclass(table, AskingTarget) and "timeout_ms" not in given and interval_ms <= 10 * SECOND:
        derived["timeout_ms"] = max(1, interval_ms // 2)
    if issubclass(table, MessageTarget) and "daily_cap" not in given:
        derived["daily_cap"] = -(-DAY // interval_ms)
    return derived


def _accounts(entries: Sequence[Entry], graph: Account, problems: list[str]) -> dict[str, Account]:
    """Every account by name, the default one first. Those with problems are missing."""
    accounts = {DEFAULT_ACCOUNT: graph}
    problems += _repeated(entries, {DEFAULT_ACCOUNT: "[graph]"})
    for entry in entries:
        account = read_table(NamedAccount, entry, problems, graph)
        if account is not None:
            accounts.setdefault(account.name, account)
    return accounts


def _targets(
    entries: Sequence[Entry], accounts: Mapping[str, Account], names: Sequence[str], problems: list[str]
) -> tuple[AnyTarget, ...]:
    targets: list[Any] = []
    for entry in entries:
        table = _target_table(entry, problems)
        target = read_table(table, entry, problems) if table else None
        if target is None:
            continue
        targets.append(target)
        if target.account not in names:
            problems.append(f"{entry.at}account: {_unknown_account(target.account, names)}")
        elif account := accounts.get(target.account):
            opinions = (rule(target, account) for rule in TARGET_RULES)
            problems += [f"{entry.at}{one[0]}: {one[1]}" for one in opinions if one]
    ways_back = {one.roundtrip: f"target {one.name}" for one in targets if isinstance(one, MessageTarget)}
    problems += _repeated(entries, ways_back)
    return tuple(targets)


def _target_table(entry: Entry, problems: list[str]) -> type[Target] | None:
    probe = entry.raw.get("probe")
    table = TARGETS.get(probe) if isinstance(probe, str) else None
    if table is None:
        problems.append(f"{entry.at}probe: {_probe_refused(probe)}")
    return table


def _probe_refused(probe: object) -> str:
    if probe is None:
        return f'is missing; write probe = "api", or another of {", ".join(TARGETS)}'
    if not isinstance(probe, str):
        return f"{shown(probe)} is not one of {', '.join(TARGETS)}"
    return NOT_WRITTEN.get(probe) or f"{shown(probe)} is not a probe; {did_you_mean(probe, TARGETS)}"


def _unknown_account(name: str, names: Sequence[str]) -> str:
    return f"{shown(name)} is not one of [[accounts]]; {did_you_mean(name, names)}"


def _channels(
    entries: Sequence[Entry], targets: Sequence[str], accounts: Sequence[str], problems: list[str]
) -> tuple[Channel, ...]:
    """Names are not asked where there is no target at all: for a last word only the channels are read."""
    channels = [read_table(Channel, entry, problems) for entry in entries]
    for entry, channel in zip(entries, channels, strict=True):
        if channel and targets:
            problems += [f"{entry.at}{one}" for one in channel_problems(channel, targets, accounts)]
    problems += _repeated(entries, {})
    return tuple(channel for channel in channels if channel)


def _repeated(entries: Sequence[Entry], taken: Mapping[str, str]) -> Iterator[str]:
    """Names that stand twice, or that something else already has."""
    seen = dict(taken)
    for entry in entries:
        name = entry.raw.get("name")
        if not isinstance(name, str):
            continue
        if name in seen:
            whose = f" by {seen[name]}" if seen[name] else ""
            yield f"{entry.at}name: {shown(name)} is already taken{whose}; names are labels and must differ"
        seen.setdefault(name, "")


def default_settings() -> Settings:
    """What ``wamon run`` watches without a file: Graph's first layer and two controls, which need no token.

    The controls are the addresses that Google and Cloudflare keep for machines asking whether they are online:
    answers without a body, made to be asked often, two owners on two networks, neither of them Meta's.
    """
    return Settings(
        targets=(
            EdgeTarget(name="graph"),
            ControlTarget(name="control-google", url="https://www.gstatic.com/generate_204"),
            ControlTarget(name="control-cloudflare", url="https://cp.cloudflare.com/generate_204"),
        )
    )
