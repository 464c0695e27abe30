"""The small world behind the simulated Graph: apps, tokens, accounts, numbers, templates."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TypeVar

ACCESS_TOKEN = "EAAsimulated0system0user0token"  # noqa: S105  # valid nowhere but on loopback
SPARE_TOKEN = "EAAsimulated0rotated0token"  # noqa: S105
APP_ID = "900000000000001"
APP_SECRET = "simulated-app-secret"  # noqa: S105
VERIFY_TOKEN = "simulated-verify-token"  # noqa: S105
ACCOUNT_ID = "200000000000001"
PHONE_NUMBER_ID = "106540352242922"
HANDSET = "15550000000"
MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"
GOOD_NEIGHBOUR_TOKEN = "EAAsimulated0unrelated0app0token"  # noqa: S105
NEIGHBOUR_APP_ID = "900000000000002"


class TokenState(StrEnum):
    """What Graph makes of a token."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class App:
    """An application; ``ID|secret`` is its own token."""

    app_id: str
    secret: str
    name: str


@dataclass(frozen=True, slots=True)
class Token:
    """A system user's token. ``expires_at_s`` is Unix time, 0 never; ``account_ids`` are what it may see."""

    secret: str
    app_id: str
    account_ids: tuple[str, ...]
    state: TokenState = TokenState.VALID
    scopes: tuple[str, ...] = (MANAGEMENT, MESSAGING)
    expires_at_s: int = 0
    issued_at_s: int = 1_780_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A message template in one language."""

    name: str
    language: str = "en_US"
    state: str = "APPROVED"
    category: str = "UTILITY"


@dataclass(frozen=True, slots=True)
class Account:
    """A WhatsApp business account. ``callback_url`` is the override of its webhooks, empty for none."""

    account_id: str
    name: str
    templates: tuple[Template, ...] = ()
    subscribed_app_ids: tuple[str, ...] = ()
    callback_url: str = ""
    can_send: str = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class Number:
    """A business phone number. ``can_send`` is its health: AVAILABLE, LIMITED or BLOCKED."""

    number_id: str
    account_id: str
    display: str
    verified_name: str
    state: str = "CONNECTED"
    quality: str = "GREEN"
    can_send: str = "AVAILABLE"
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """Everything Graph knows. Versions are major numbers; ``revision`` is the build that serves."""

    apps: tuple[App, ...]
    tokens: tuple[Token, ...]
    accounts: tuple[Account, ...]
    numbers: tuple[Number, ...]
    handsets: tuple[str, ...] = (HANDSET,)
    oldest_version: int = 21
    default_version: int = 25
    newest_version: int = 26
    revision: int = 1_029_384_756
    usage_percent: int = 2
    callback_url: str = ""

    def app(self, app_id: str) -> App | None:
        """The application with this id."""
        return next((one for one in self.apps if one.app_id == app_id), None)

    def app_of_token(self, secret: str) -> App | None:
        """The application whose own token (``ID|secret``) this is."""
        return next((one for one in self.apps if f"{one.app_id}|{one.secret}" == secret), None)

    def token(self, secret: str) -> Token | None:
        """The user token with this text."""
        return next((one for one in self.tokens if one.secret == secret), None)

    def account(self, account_id: str) -> Account | None:
        """The account with this id."""
        return next((one for one in self.accounts if one.account_id == account_id), None)

    def number(self, number_id: str) -> Number | None:
        """The phone number with this id."""
        return next((one for one in self.numbers if one.number_id == number_id), None)


@dataclass(frozen=True, slots=True)
class TokenTurns:
    """From ``at_ms`` on a token is in another state; ``expires_at_s`` is what debug_token then says, 0 never."""

    at_ms: int
    secret: str
    state: TokenState
    expires_at_s: int = 0


@dataclass(frozen=True, slots=True)
class NumberTurns:
    """From ``at_ms`` on a number is in another state and of another health."""

    at_ms: int
    number_id: str
    state: str = "CONNECTED"
    can_send: str = "AVAILABLE"


@dataclass(frozen=True, slots=True)
class BuildTurns:
    """From ``at_ms`` on another build serves, or other versions are in use."""

    at_ms: int
    revision: int
    oldest_version: int = 21


Change = TokenTurns | NumberTurns | BuildTurns

_T = TypeVar("_T")


def turn(world: World, change: Change) -> World:
    """The world after one change. Raises LookupError when it speaks of something that is not there."""
    match change:
        case TokenTurns(_, secret, state, expires_at_s):
            token = _found(world.token(secret), "token", secret)
            turned = replace(token, state=state, expires_at_s=expires_at_s)
            return replace(world, tokens=_swap(world.tokens, token, turned))
        case NumberTurns(_, number_id, state, can_send):
            number = _found(world.number(number_id), "number", number_id)
            moved = replace(number, state=state, can_send=can_send)
            return replace(world, numbers=_swap(world.numbers, number, moved))
        case BuildTurns(_, revision, oldest_version):
            return replace(world, revision=revision, oldest_version=oldest_version)


def _found(one: _T | None, kind: str, name: str) -> _T:
    if one is None:
        raise LookupError(f"the scenario changes the {kind} {name!r}, which is not in its world")
    return one


def _swap(members: Iterable[_T], old: _T, new: _T) -> tuple[_T, ...]:
    return tuple(new if one is old else one for one in members)


SMALL_WORLD = World(
    apps=(App(APP_ID, APP_SECRET, "Sturdy Shop"), App(NEIGHBOUR_APP_ID, "other-secret", "Neighbour")),
    tokens=(
        Token(ACCESS_TOKEN, APP_ID, (ACCOUNT_ID,)),
        Token(SPARE_TOKEN, APP_ID, (ACCOUNT_ID,), TokenState.REVOKED),
        Token(GOOD_NEIGHBOUR_TOKEN, NEIGHBOUR_APP_ID, ()),
    ),
    accounts=(Account(ACCOUNT_ID, "Sturdy Shop", (Template("wamon_canary"), Template("hello_world")), (APP_ID,)),),
    numbers=(Number(PHONE_NUMBER_ID, ACCOUNT_ID, "15550783881", "Sturdy Shop"),),
)
"""One business with one number and two templates, and an unrelated app beside it."""
