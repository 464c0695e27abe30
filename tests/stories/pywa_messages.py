"""What a customer of a jam shop may say to it, type by type as Meta documents them: our own words and numbers."""

import json
from typing import Any

CUSTOMER, SHOP = "15550100731", "15550100042"
BSUID = "US.70000000000000000431"
AT_S = 1_790_000_000

Row = dict[str, Any]


def wamid(name: str) -> str:
    """The id of one message, as no other one has it."""
    return f"wamid.HBgL{name.upper().encode().hex()}"


ASKED: Row = {"from": SHOP, "id": wamid("asked")}
PASSED_ON: Row = {"forwarded": True}
UNKNOWN_TYPE: Row = {
    "code": 131051,
    "title": "No such kind",
    "message": "No such kind",
    "error_data": {"details": "Quince polls are new here"},
}
FAULT: Row = {
    "code": 131000,
    "title": "A mishap",
    "message": "A mishap",
    "error_data": {"details": "Quince mishap"},
}


def message(name: str, kind: str, content: Any = None, **more: Any) -> Row:
    """One message of the person's; what is in it lies under the name of its type."""
    row = {"from": CUSTOMER, "from_user_id": BSUID, "id": wamid(name), "timestamp": str(AT_S), "type": kind}
    return row | ({} if content is None else {kind: content}) | more


def media(kind: str, **more: Any) -> Row:
    """Something to be downloaded."""
    return {"mime_type": kind, "sha256": "Q3VpbmNlIGphbSBkaWdlc3Q=", "id": "4100000000000077"} | more


MESSAGES = {
    "text": message("text", "text", {"body": "Is the quince jam back?"}),
    "image": message("image", "image", media("image/jpeg", caption="My pantry shelf")),
    "image by address": message(
        "addressed", "image", media("image/png", url="https://media.example/pantry?mid=4100000000000077")
    ),
    "video": message("video", "video", media("video/mp4", caption="The pot boils"), context=PASSED_ON),
    "document": message("document", "document", media("application/pdf", filename="Quince order 0815.pdf")),
    "audio": message("audio", "audio", media("audio/mpeg", voice=False)),
    "voice": message("voice", "audio", media("audio/ogg; codecs=opus", voice=True)),
    "sticker": message("sticker", "sticker", media("image/webp", animated=False)),
    "moving sticker": message("moving", "sticker", media("image/webp", animated=True)),
    "reaction": message("reaction", "reaction", {"message_id": wamid("asked"), "emoji": "\N{JACK-O-LANTERN}"}),
    "reaction emptied": message("emptied", "reaction", {"message_id": wamid("asked"), "emoji": ""}),
    "reaction withdrawn": message("withdrawn", "reaction", {"message_id": wamid("asked")}),
    "own location": message("here", "location", {"latitude": 48.20849, "longitude": 16.37208}),
    "location": message(
        "location",
        "location",
        {
            "latitude": 48.20849,
            "longitude": 16.37208,
            "name": "Quince Hall",
            "address": "7 Orchard Row, Fernbrook",
        },
    ),
    "contacts": message(
        "contacts",
        "contacts",
        [
            {
                "name": {"formatted_name": "Barnaby Thistle", "first_name": "Barnaby", "last_name": "Thistle"},
                "phones": [{"phone": "+1 555 010 0888", "wa_id": "15550100888", "type": "HOME"}],
            }
        ],
    ),
    "order": message(
        "order",
        "order",
        {
            "catalog_id": "5100000000000091",
            "text": "Two jars, please",
            "product_items": [
                {"product_retailer_id": "QUINCE-JAR-7", "quantity": 2, "item_price": 9, "currency": "EUR"}
            ],
        },
    ),
    "unsupported": message("unsupported", "unsupported", errors=[UNKNOWN_TYPE]),
    "unsupported poll": message("poll", "unsupported", {"type": "poll"}, errors=[UNKNOWN_TYPE]),
    "unknown": message("unknown", "unknown", errors=[UNKNOWN_TYPE]),
    "reply": message("reply", "text", {"body": "Yes, the small jar"}, context=ASKED),
    "forwarded": message("forwarded", "text", {"body": "Jam for everybody!"}, context=PASSED_ON),
    "forwarded often": message("often", "text", {"body": "Jam, jam, jam"}, context={"frequently_forwarded": True}),
    "referral": message(
        "referral",
        "text",
        {"body": "I saw your jar"},
        referral={
            "source_url": "https://ads.example/jam-7",
            "source_id": "6100000000000013",
            "source_type": "ad",
            "headline": "Jam like grandma's",
            "body": "Autumn in a jar",
            "media_type": "image",
            "image_url": "https://ads.example/jam-7.jpg",
            "ctwa_clid": "Clid-Of-The-Jam-Ad",
        },
    ),
    "in a group": message("grouped", "text", {"body": "Hello, jam club"}, group_id="Grp.Jam.Club.0017"),
    "chat opened": message("welcome", "request_welcome"),
}
"""What pywa calls a message, whatever is in it."""

INTERACTIONS = {
    "button": ("CallbackButton", {"type": "button_reply", "button_reply": {"id": "Jam:yes", "title": "Take it"}}),
    "selection": ("CallbackSelection", {"type": "list_reply", "list_reply": {"id": "Jam:2", "title": "Two jars"}}),
    "selection described": (
        "CallbackSelection",
        {"type": "list_reply", "list_reply": {"id": "Jam:3", "title": "Three jars", "description": "With lids"}},
    ),
    "flow": (
        "FlowCompletion",
        {
            "type": "nfm_reply",
            "nfm_reply": {
                "name": "flow",
                "body": "Sent!",
                "response_json": json.dumps({"flow_token": "Token.Of.Jam.5", "comment": "Less sugar"}),
            },
        },
    ),
    "flow without token": (
        "FlowCompletion",
        {
            "type": "nfm_reply",
            "nfm_reply": {"name": "flow", "body": "Sent!", "response_json": json.dumps({"comment": "More pips"})},
        },
    ),
    "calls allowed": (
        "CallPermissionUpdate",
        {
            "type": "call_permission_reply",
            "call_permission_reply": {
                "response": "accept",
                "expiration_timestamp": AT_S + 600_000,
                "response_source": "user_action",
            },
        },
    ),
    "calls forbidden": (
        "CallPermissionUpdate",
        {
            "type": "call_permission_reply",
            "call_permission_reply": {"response": "reject", "response_source": "automatic"},
        },
    ),
}
"""Answers to what the shop offered: pywa's class, and what is interactive in the message."""

_PRESSED = {"payload": "Jam:again", "text": "Once more"}
_MOVED = {"body": "Orla moved house", "wa_id": "15550100999"}
_EDIT = {
    "original_message_id": wamid("text"),
    "message": {"type": "image", "image": media("image/jpeg", caption="A better shelf"), "context": {"id": "M0"}},
}

REMARKS = {
    "quick reply": ("CallbackButton", message("pressed", "button", _PRESSED, context=ASKED)),
    "quick reply alone": ("CallbackButton", message("alone", "button", _PRESSED)),
    "edited": ("EditedMessage", message("edited", "edit", _EDIT)),
    "deleted": ("DeletedMessage", message("deleted", "revoke", {"original_message_id": wamid("text")})),
    "number changed": (
        "PhoneNumberChange",
        message("moved", "system", _MOVED | {"type": "user_changed_number"}),
    ),
    "user id changed": (
        "PhoneNumberChange",
        message(
            "renamed", "system", _MOVED | {"type": "user_changed_user_id", "user_id": "US.90000000000000000333"}
        ),
    ),
    "identity changed": (
        "IdentityChange",
        message(
            "identity",
            "system",
            {"body": "Orla has a new phone", "type": "customer_identity_changed"},
            identity={"acknowledged": True, "created_timestamp": str(AT_S), "hash": "Hash.Of.Orla"},
        ),
    ),
}
"""What comes as a message and is none to pywa."""
