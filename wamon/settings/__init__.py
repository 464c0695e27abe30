"""The settings: from a TOML file to checked, frozen values, and from references to secrets."""

from wamon.settings.advice import warnings
from wamon.settings.needs import receiving_secrets, resolve_all, secrets_needed
from wamon.settings.reading import build, default_settings, load, load_channels, parse
from wamon.settings.refusal import SettingsError
from wamon.settings.schema import (
    DEFAULT_ACCOUNT,
    Account,
    AnyTarget,
    ApiTarget,
    AskingTarget,
    Availability,
    Channel,
    ControlTarget,
    Digest,
    EdgeTarget,
    Incidents,
    MessageTarget,
    Receiver,
    Reclassification,
    Reference,
    Service,
    Settings,
    Target,
    TokenTarget,
    TrafficTarget,
    WebhookTarget,
)
from wamon.settings.secrets import Secret, SecretRef, resolve
from wamon.settings.spelling import RefusedError
from wamon.settings.urls import Address
from wamon.settings.values import NOTICE_KINDS
from wamon.settings.view import as_tables, masked

__all__ = [
    "DEFAULT_ACCOUNT",
    "NOTICE_KINDS",
    "Account",
    "Address",
    "AnyTarget",
    "ApiTarget",
    "AskingTarget",
    "Availability",
    "Channel",
    "ControlTarget",
    "Digest",
    "EdgeTarget",
    "Incidents",
    "MessageTarget",
    "Receiver",
    "Reclassification",
    "Reference",
    "RefusedError",
    "Secret",
    "SecretRef",
    "Service",
    "Settings",
    "SettingsError",
    "Target",
    "TokenTarget",
    "TrafficTarget",
    "WebhookTarget",
    "as_tables",
    "build",
    "default_settings",
    "load",
    "load_channels",
    "masked",
    "parse",
    "receiving_secrets",
    "resolve",
    "resolve_all",
    "secrets_needed",
    "warnings",
]
