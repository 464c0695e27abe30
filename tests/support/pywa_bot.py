"""A business's bot on pywa's own server, as a program: says each update that it takes as a line of JSON."""

import json
import os
import sys

from pywa import WhatsApp
from pywa.types import Message, MessageStatus, RawUpdate


def say(**facts: object) -> None:
    """Line and line end in one write: pywa calls back from several threads, and print writes the two apart."""
    os.write(sys.stdout.fileno(), f"{json.dumps(facts)}\n".encode())


def bot(verify_token: str, app_secret: str, phone_number_id: str) -> WhatsApp:
    client = WhatsApp(
        phone_id=phone_number_id, verify_token=verify_token, app_secret=app_secret, webhook_endpoint="/webhook"
    )

    @client.on_message_status
    def _(_: WhatsApp, told: MessageStatus) -> None:
        say(status=told.status.value, id=told.id, at=int(told.timestamp.timestamp()), data=told.tracker)

    @client.on_message
    def _(_: WhatsApp, said: Message) -> None:
        say(text=said.text)

    @client.on_raw_update
    def _(_: WhatsApp, raw: RawUpdate) -> None:
        change = raw["entry"][0]["changes"][0] if raw["entry"] else {}
        codes = [
            one["code"] for row in change.get("value", {}).get("statuses", ()) for one in row.get("errors", ())
        ]
        say(field=change.get("field"), codes=codes)

    return client


if __name__ == "__main__":
    port, *secrets = sys.argv[1:]
    bot(*secrets).run(host="127.0.0.1", port=int(port))
