"""A webhook body for every update that pywa knows: our own words and numbers in the shapes that Meta documents."""

import json
from typing import NamedTuple

from tests.stories.pywa_messages import (
    ASKED,
    AT_S,
    BSUID,
    CUSTOMER,
    FAULT,
    INTERACTIONS,
    MESSAGES,
    REMARKS,
    SHOP,
    Row,
    message,
    wamid,
)

NUMBER, WABA = "310000000000029", "210000000000017"


class Update(NamedTuple):
    """One body, and the class of pywa's update that it is."""

    kind: str
    body: Row

    @property
    def raw(self) -> bytes:
        """As it is posted."""
        return json.dumps(self.body).encode()


PERSON: Row = {
    "profile": {"name": "Orla Quillfeather"},
    "wa_id": CUSTOMER,
    "user_id": BSUID,
    "parent_user_id": "US.ENT.80000000000000000657",
}


def change(field: str, value: Row) -> Row:
    """One change of one field."""
    entry = {"id": WABA, "time": AT_S, "changes": [{"field": field, "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def spoken(value: Row, field: str = "messages") -> Row:
    """What happened on the number, with one person."""
    metadata = {"display_phone_number": SHOP, "phone_number_id": NUMBER}
    return change(field, {"messaging_product": "whatsapp", "metadata": metadata, "contacts": [PERSON]} | value)


_ECHO = {"from": SHOP, "to": CUSTOMER, "to_user_id": BSUID, "timestamp": str(AT_S)}

ECHOES = {
    "own message": (
        "OutgoingMessage",
        {"id": wamid("echo"), "type": "text", "text": {"body": "From the shop's own phone"}},
    ),
    "own message edited": (
        "OutgoingEditedMessage",
        {
            "id": wamid("echo edited"),
            "type": "edit",
            "edit": {
                "original_message_id": wamid("echo"),
                "message": {"type": "text", "text": {"body": "From the shop's telephone"}},
            },
        },
    ),
    "own message deleted": (
        "OutgoingDeletedMessage",
        {"id": wamid("echo gone"), "type": "revoke", "revoke": {"original_message_id": wamid("echo")}},
    ),
}
"""What the shop wrote in the app on its phone."""

_PRICE = {"billable": True, "pricing_model": "PMP", "type": "regular", "category": "utility"}
_TALK = {"id": "Talk.Of.Jam.0042", "expiration_timestamp": str(AT_S + 86_400), "origin": {"type": "utility"}}
_NO_ROOM = {
    "code": 131026,
    "title": "Out of reach",
    "message": "Out of reach",
    "error_data": {"details": "Orla's phone is too old"},
    "href": "https://errors.example/131026",
}

STATUSES: dict[str, Row] = {
    "sent": {"status": "sent", "pricing": _PRICE, "conversation": _TALK},
    "delivered": {"status": "delivered", "pricing": _PRICE},
    "read": {"status": "read"},
    "played": {"status": "played"},
    "failed": {"status": "failed", "errors": [_NO_ROOM]},
    "tracked": {"status": "sent", "biz_opaque_callback_data": "Jam order 0815"},
}

NEIGHBOURS = ("US.70000000000000000777", "US.70000000000000000888")
"""Members of the group whose numbers nobody is told."""

GROUP: Row = {
    "id": wamid("to the group"),
    "status": "delivered",
    "timestamp": str(AT_S),
    "recipient_id": "Grp.Jam.Club.0017",
    "recipient_type": "group",
}
GROUP_STATUSES: Row = {
    "statuses": [
        GROUP | {"recipient_participant_id": CUSTOMER, "recipient_participant_user_id": BSUID},
        *(GROUP | {"recipient_participant_user_id": one} for one in NEIGHBOURS),
    ],
    "contacts": [PERSON, *({"profile": {"name": "A Neighbour"}, "user_id": one} for one in NEIGHBOURS)],
}

_CALL = {
    "id": "wacid.JAMCALL0001",
    "from": CUSTOMER,
    "to": SHOP,
    "timestamp": str(AT_S),
    "direction": "USER_INITIATED",
}
_SESSION = {"sdp_type": "offer", "sdp": "v=0 o=orla 7 7 IN IP4 192.0.2.77"}
_ENDED = {
    "event": "terminate",
    "status": "COMPLETED",
    "start_time": str(AT_S),
    "end_time": str(AT_S + 61),
    "duration": 61,
    "biz_opaque_callback_data": "Jam call 0816",
}
_RINGING = {
    "id": "wacid.JAMCALL0002",
    "type": "call",
    "status": "RINGING",
    "timestamp": str(AT_S),
    "recipient_id": CUSTOMER,
    "biz_opaque_callback_data": "Jam call 0817",
}

CALLS: dict[str, tuple[str, Row]] = {
    "call": ("CallConnect", {"calls": [_CALL | {"event": "connect", "session": _SESSION}]}),
    "call by the shop": (
        "CallConnect",
        {"calls": [_CALL | {"event": "connect", "direction": "BUSINESS_INITIATED", "session": _SESSION}]},
    ),
    "call ended": ("CallTerminate", {"calls": [_CALL | _ENDED]}),
    "call failed": (
        "CallTerminate",
        {"calls": [_CALL | _ENDED | {"id": "wacid.JAMCALL0003", "status": "FAILED"}], "errors": [FAULT]},
    ),
    "call rings": ("CallStatus", {"statuses": [_RINGING]}),
}

_WISH = {"wa_id": CUSTOMER, "category": "marketing_messages", "timestamp": AT_S}

PREFERENCES: dict[str, Row] = {
    "no more offers": {"value": "stop", "detail": "Orla wants no offers"},
    "offers again": {"value": "resume", "detail": "Orla wants offers again"},
    "signed up": {"value": "signup", "detail": "Orla followed a link", "signup_id": "7100000000000003"},
}

_TEMPLATE = {
    "message_template_id": 8100000000000021,
    "message_template_name": "jam_is_ready_7",
    "message_template_language": "en_GB",
}

TEMPLATES: dict[str, tuple[str, str, Row]] = {
    "template approved": (
        "TemplateStatusUpdate",
        "message_template_status_update",
        {"event": "APPROVED", "reason": "NONE", "message_template_category": "UTILITY"},
    ),
    "template rejected": (
        "TemplateStatusUpdate",
        "message_template_status_update",
        {
            "event": "REJECTED",
            "reason": "INVALID_FORMAT",
            "message_template_category": "MARKETING",
            "rejection_info": {"reason": "Two jars side by side", "recommendation": "Put words between"},
        },
    ),
    "template quality": (
        "TemplateQualityUpdate",
        "message_template_quality_update",
        {"previous_quality_score": "GREEN", "new_quality_score": "YELLOW"},
    ),
    "template category": (
        "TemplateCategoryUpdate",
        "template_category_update",
        {"previous_category": "UTILITY", "new_category": "MARKETING"},
    ),
    "template components": (
        "TemplateComponentsUpdate",
        "message_template_components_update",
        {
            "message_template_title": "Your jam is ready",
            "message_template_element": "Dear {{1}}, fetch jar {{2}}",
            "message_template_footer": "Quince Hall",
            "message_template_buttons": [
                {
                    "message_template_button_type": "URL",
                    "message_template_button_text": "Find us",
                    "message_template_button_url": "https://quince.example/way",
                }
            ],
        },
    ),
}

_OWNER = {"waba_id": "220000000000019", "owner_business_id": "9100000000000055"}
_PARTNERS = {"solution_id": "9200000000000066", "solution_partner_business_ids": ["9300000000000077"]}

ACCOUNT: tuple[Row, ...] = (
    {"event": "ACCOUNT_DELETED"},
    {"event": "ACCOUNT_OFFBOARDED"},
    {"event": "ACCOUNT_RECONNECTED"},
    {
        "event": "ACCOUNT_RESTRICTION",
        "restriction_info": [{"restriction_type": "RESTRICTED_UTILITY_TEMPLATES", "expiration": AT_S + 90_000}],
    },
    {"event": "ACCOUNT_VIOLATION", "violation_info": {"violation_type": "ALCOHOL"}},
    {"event": "AD_ACCOUNT_LINKED", "waba_info": _OWNER | {"ad_account_linked": "9400000000000088"}},
    {
        "event": "AUTH_INTL_PRICE_ELIGIBILITY_UPDATE",
        "auth_international_rate_eligibility": {
            "start_time": AT_S,
            "exception_countries": [{"country_code": "AT", "start_time": AT_S}],
        },
    },
    {"event": "BUSINESS_PRIMARY_LOCATION_COUNTRY_UPDATE", "country": "AT"},
    {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE", "waba_ban_date": "May 4, 2026"}},
    {"event": "MM_LITE_TERMS_SIGNED", "waba_info": _OWNER},
    {"event": "PARTNER_ADDED", "waba_info": _OWNER | _PARTNERS},
    {"event": "PARTNER_APP_INSTALLED", "waba_info": _OWNER | _PARTNERS | {"partner_app_id": "9500000000000099"}},
    {"event": "PARTNER_APP_UNINSTALLED", "waba_info": _OWNER | {"partner_app_id": "9500000000000099"}},
    {
        "event": "PARTNER_CLIENT_CERTIFICATION_STATUS_UPDATE",
        "partner_client_certification_info": {
            "client_business_id": "9600000000000011",
            "status": "APPROVED",
            "rejection_reasons": ["NONE"],
        },
    },
    {
        "event": "PARTNER_REMOVED",
        "waba_info": _OWNER,
        "disconnection_info": {"reason": "CHANGE_NUMBER", "initiated_by": "USER"},
    },
    {
        "event": "VOLUME_BASED_PRICING_TIER_UPDATE",
        "volume_tier_info": {
            "tier_update_time": AT_S,
            "pricing_category": "UTILITY",
            "tier": "100001:250000",
            "effective_month": "2026-09",
            "region": "Rest of the orchard",
        },
    },
)

ONLY_RAW: dict[str, tuple[str, Row]] = {
    "number quality": (
        "phone_number_quality_update",
        {
            "display_phone_number": SHOP,
            "event": "UPGRADE",
            "current_limit": "TIER_10K",
            "max_daily_conversations_per_business": "TIER_10K",
        },
    ),
    "number name": (
        "phone_number_name_update",
        {
            "display_phone_number": SHOP,
            "decision": "APPROVED",
            "requested_verified_name": "Quince & Daughters",
            "rejection_reason": None,
        },
    ),
    "account alert": (
        "account_alerts",
        {
            "entity_type": "PHONE_NUMBER",
            "entity_id": NUMBER,
            "alert_info": {
                "alert_severity": "WARNING",
                "alert_status": "ACTIVE",
                "alert_type": "OBA_APPROVED",
                "alert_description": "Quince & Daughters is known",
            },
        },
    ),
    "account review": ("account_review_update", {"decision": "APPROVED"}),
    "capability": (
        "business_capability_update",
        {"max_daily_conversation_per_phone": 2000, "max_phone_numbers_per_business": 25},
    ),
    "security": (
        "security",
        {"event": "PIN_CHANGED", "display_phone_number": SHOP, "requester": "9700000000000012"},
    ),
    "a field of tomorrow": ("jam_ripeness_update", {"jar": "Quince jar no. 8", "ripe": True}),
}
"""Fields that pywa hands on as they come, without a class for them."""


def _updates() -> dict[str, Update]:
    found = {name: Update("Message", spoken({"messages": [row]})) for name, row in MESSAGES.items()}
    unanswered = {"messages": [message("unanswered", "interactive", context=ASKED)], "errors": [FAULT]}
    found["answered with an error"] = Update("Message", spoken(unanswered))
    for name, (kind, content) in INTERACTIONS.items():
        row = message(name, "interactive", content, context=ASKED)
        found[name] = Update(kind, spoken({"messages": [row]}))
    for name, (kind, row) in REMARKS.items():
        found[name] = Update(kind, spoken({"messages": [row]}))
    for name, (kind, row) in ECHOES.items():
        found[name] = Update(kind, spoken({"message_echoes": [_ECHO | row]}, "smb_message_echoes"))
    for name, row in STATUSES.items():
        status = {"id": wamid(f"to be {name}"), "timestamp": str(AT_S), "recipient_id": CUSTOMER} | row
        found[name] = Update("MessageStatus", spoken({"statuses": [status]}))
    found["in a group delivered"] = Update("GroupMessageStatuses", spoken(GROUP_STATUSES))
    for name, (kind, value) in CALLS.items():
        found[name] = Update(kind, spoken(value, "calls"))
    for name, row in PREFERENCES.items():
        value = {"user_preferences": [_WISH | row]}
        found[name] = Update("UserMarketingPreferences", spoken(value, "user_preferences"))
    for name, (kind, field, row) in TEMPLATES.items():
        found[name] = Update(kind, change(field, _TEMPLATE | row))
    for row in ACCOUNT:
        found[row["event"]] = Update("AccountUpdate", change("account_update", row))
    for name, (field, row) in ONLY_RAW.items():
        found[name] = Update("", change(field, row))
    return found


UPDATES = _updates()
"""By name. An empty kind is an update that pywa hands on only as it came."""
