"""The text of a notice below its first line, from the templates in here; HTML where mail reads better so."""

from functools import cache
from typing import NamedTuple

from jinja2 import (
    Environment,
    PackageLoader,
    StrictUndefined,
    TemplateNotFound,
    select_autoescape,
)

from wamon.core.notice import Notice
from wamon.core.notice_facts import (
    COUNTS_AS,
    BlankFacts,
    BurnFacts,
    DigestFacts,
    ExpiryFacts,
    FlawFacts,
    HeldBackFacts,
    LastWordFacts,
    RestatedFacts,
    SilenceFacts,
    SummaryFacts,
    TrialFacts,
    TroubleFacts,
    WithdrawnFacts,
)
from wamon.core.notice_words import clock, duration_text, moment, unseen_because

TEMPLATES = {
    TroubleFacts: "trouble",
    WithdrawnFacts: "withdrawn",
    BlankFacts: "blank",
    RestatedFacts: "restated",
    FlawFacts: "flaw",
    SilenceFacts: "silence",
    ExpiryFacts: "expiry",
    DigestFacts: "digest",
    BurnFacts: "burn",
    SummaryFacts: "summary",
    HeldBackFacts: "held_back",
    TrialFacts: "test",
    LastWordFacts: "last_word",
}
"""The template for each shape of facts: ``NAME.txt``, and ``NAME.html`` where there is one."""


class Text(NamedTuple):
    """What a notice says below its first line. ``html`` says the same, for channels that show it."""

    body: str
    html: str | None


def written(notice: Notice) -> Text:
    """The notice in words."""
    name = TEMPLATES[type(notice.facts)]
    given = {"notice": notice, "facts": notice.facts}
    body = _environment().get_template(f"{name}.txt").render(given).strip()
    try:
        page = _environment().get_template(f"{name}.html")
    except TemplateNotFound:
        return Text(body, None)
    return Text(body, page.render(given).strip())


@cache
def _environment() -> Environment:
    """What stands in a template's ``{{ }}`` is escaped wherever the template makes HTML."""
    environment = Environment(
        loader=PackageLoader("wamon.letters"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"clock": clock, "duration": duration_text, "moment": moment}
    environment.globals |= {"counts_as": COUNTS_AS, "unseen_because": unseen_because}
    return environment
