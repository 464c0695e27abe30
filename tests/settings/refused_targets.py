"""Texts with targets that are refused, and the sentence."""

from tests.settings.texts import API, CONTROL, EDGE, HOOK, SEND

REFUSED_TARGETS = [
    ("", "no [[targets]]: there is nothing to watch"),
    ('[service]\nlisten = "127.0.0.1:9877"\n', "no [[targets]]: there is nothing to watch"),
    ("targets = []\n", "no [[targets]]: there is nothing to watch"),
    (
        '[[targets]]\nname="graph"\nprobe="api"\ninterval="60"\n',
        "target graph, interval: '60' is not a duration such as 30s, 5m or 2h",
    ),
    (EDGE + "interval = 60\n", "target graph, interval: 60 is not a duration such as 30s, 5m or 2h"),
    (EDGE + 'interval = "-5s"\n', "target graph, interval: '-5s' is not a duration such as 30s, 5m or 2h"),
    (
        EDGE + 'interval = "0s"\n',
        "target graph, interval: '0s' is no time at all; write a duration such as 30s, 5m or 2h",
    ),
    (EDGE + 'interval = "1.5m"\n', "target graph, interval: '1.5m' is not a duration such as 30s, 5m or 2h"),
    (EDGE + 'interval = "1 m"\n', "target graph, interval: '1 m' is not a duration such as 30s, 5m or 2h"),
    (EDGE + 'interval = "400d"\n', "target graph, interval: '400d' is not a duration such as 30s, 5m or 2h"),
    (EDGE + 'interval = "999999h"\n', "target graph, interval: '999999h' is not a duration such as 30s, 5m or 2h"),
    (EDGE + "interval = true\n", "target graph, interval: true is not a duration such as 30s, 5m or 2h"),
    (EDGE + "interval = []\n", "target graph, interval: a list is not a duration such as 30s, 5m or 2h"),
    (
        EDGE + 'interval = "500ms"\n',
        "target graph, interval: 500ms is too often; the shortest is 1s, the usual 60s",
    ),
    (
        SEND + 'interval = "5s"\n',
        "target send, interval: 5s is too often for one handset: Meta takes one message in 6s; the usual is 2h",
    ),
    (
        EDGE + 'timeout = "60s"\n',
        ("target graph, timeout: 60s is not shorter than the interval of 60s; a look must end before the next"),
    ),
    (
        EDGE + 'interval = "30s"\ntimeout = "2m"\n',
        "target graph, timeout: 2m is not shorter than the interval of 30s; a look must end before the next",
    ),
    (EDGE + 'intervall = "60s"\n', "target graph, intervall: is no setting here; did you mean interval?"),
    (EDGE + 'Timeout = "60s"\n', "target graph, Timeout: is no setting here; did you mean timeout?"),
    (
        EDGE + 'url = "https://a.example/"\n',
        "target graph, url: is no setting here; it belongs to webhook and control targets or [[channels]]",
    ),
    (
        EDGE + "zebra = 1\n",
        (
            "target graph, zebra: is no setting here; there are name, account, interval, timeout, family, "
            "ca_file, probe"
        ),
    ),
    (
        EDGE + 'phone_number = "1"\n',
        (
            "target graph, phone_number: is no setting here; there are name, account, interval, timeout, "
            "family, ca_file, probe"
        ),
    ),
    (EDGE + 'family = "ipv5"\n', "target graph, family: 'ipv5' is not one of any, ipv4, ipv6"),
    (
        EDGE + 'ca_file = "ca.pem"\n',
        "target graph, ca_file: 'ca.pem' is not an absolute path such as /etc/wamon/ca.pem",
    ),
    (
        EDGE + 'account = "acmee"\n[[accounts]]\nname = "acme"\n',
        "target graph, account: 'acmee' is not one of [[accounts]]; did you mean acme?",
    ),
    (EDGE + EDGE, "target graph, name: 'graph' is already taken; names are labels and must differ"),
    (
        EDGE.replace("graph", "platform"),
        "target platform, name: 'platform' is the row of all targets together; choose another name",
    ),
    (
        EDGE.replace("graph", "my graph"),
        (
            "[[targets]] number 1, name: 'my graph' is not a name of letters, digits, dots, dashes and "
            "underscores, such as cloud-api"
        ),
    ),
    (
        EDGE.replace('"graph"', "7"),
        (
            "[[targets]] number 1, name: 7 is not a name of letters, digits, dots, dashes and underscores, "
            "such as cloud-api"
        ),
    ),
    (
        '[[targets]]\nprobe = "edge"\n',
        (
            '[[targets]] number 1, name: is missing; write name = "cloud-api": a label on pages, metrics '
            "and notices"
        ),
    ),
    (
        '[[targets]]\nname = "graph"\n',
        (
            'target graph, probe: is missing; write probe = "api", or another of edge, api, message, '
            "webhook, token, control, traffic"
        ),
    ),
    (EDGE.replace("edge", "egde"), "target graph, probe: 'egde' is not a probe; did you mean edge?"),
    (
        EDGE.replace('"edge"', "1"),
        "target graph, probe: 1 is not one of edge, api, message, webhook, token, control, traffic",
    ),
    (
        EDGE.replace("edge", "roundtrip"),
        'target graph, probe: a roundtrip comes with each message target by itself; write probe = "message"',
    ),
    (
        EDGE.replace("edge", "status"),
        "target graph, probe: status events arrive by the receiver; leave this target out",
    ),
    (
        API.replace('"1"', "106540352242922"),
        (
            "target cloud-api, phone_number_id: 106540352242922 is a number, and ids are text; write "
            '"106540352242922", in quotes'
        ),
    ),
    (
        API.replace('"1"', '"1/2"'),
        "target cloud-api, phone_number_id: '1/2' is not an id as Meta shows it, such as 106540352242922",
    ),
    (
        '[[targets]]\nname = "cloud-api"\nprobe = "api"\n',
        (
            'target cloud-api, phone_number_id: is missing; write phone_number_id = "106540352242922": the '
            "id that Meta gives the number, not the number itself"
        ),
    ),
    (
        '[[targets]]\nname = "send"\nprobe = "message"\nphone_number_id = "1"\n',
        (
            'target send, to: is missing; write to = "15550000000": a handset of your own that is always '
            "on; never a customer\n"
            'target send, template: is missing; write template = "wamon_canary": an approved utility '
            "template; hello_world works from test numbers only"
        ),
    ),
    (
        SEND.replace('"15550000000"', "15550000000"),
        "target send, to: is a number, and phone numbers are text; put it in quotes",
    ),
    (
        SEND.replace("15550000000", "+1 555"),
        (
            "target send, to: a text of 6 characters is not a phone number such as 15550000000: country "
            "code first, digits only"
        ),
    ),
    (
        SEND.replace("canary", "My Canary"),
        "target send, template: 'My Canary' is not a template's name such as wamon_canary",
    ),
    (
        SEND + 'language = "english"\n',
        "target send, language: 'english' is not a template's language such as en_US",
    ),
    (SEND + "daily_cap = 0\n", "target send, daily_cap: 0 is not a whole number from 1 to 10000"),
    (SEND + 'daily_cap = "12"\n', "target send, daily_cap: '12' is text; write 12, without quotes"),
    (
        SEND + EDGE.replace("graph", "send.roundtrip"),
        (
            "target send.roundtrip, name: 'send.roundtrip' is already taken by target send; names are "
            "labels and must differ"
        ),
    ),
    (
        '[[targets]]\nname = "webhook"\nprobe = "webhook"\n',
        (
            'target webhook, url: is missing; write url = "https://business.example/webhook": the callback '
            "URL as Meta knows it\n"
            'target webhook, verify_token: is missing; write verify_token = "credential:verify_token": the '
            "text that the endpoint expects in the handshake"
        ),
    ),
    (
        HOOK.replace("https://b.example/", "ftp://b.example/"),
        "target webhook, url: 'ftp://b.example/' is not a URL such as https://business.example/webhook",
    ),
    (
        HOOK.replace("https://b.example/", "b.example"),
        "target webhook, url: 'b.example' is not a URL such as https://business.example/webhook",
    ),
    (
        HOOK.replace("https://b.example/", "https://"),
        (
            "target webhook, url: 'https://' names no usable host; write a URL such as "
            "https://business.example/webhook"
        ),
    ),
    (
        HOOK.replace("https://b.example/", "https://b.example:99999/"),
        ("target webhook, url: 'https://b.example:99999/' is not a URL such as https://business.example/webhook"),
    ),
    (
        HOOK.replace("https://b.example/", "https://me:hunter2@b.example/"),
        (
            "target webhook, url: holds a user name or password before the host, which is a secret; write a "
            "URL such as https://business.example/webhook without it"
        ),
    ),
    (
        HOOK.replace("https://b.example/", "https://b.example/#top"),
        (
            "target webhook, url: 'https://b.example/#top' ends in a fragment (#), which is never sent; "
            "leave it out"
        ),
    ),
    (
        HOOK.replace("https://b.example/", "https://b_-.example/"),
        (
            "target webhook, url: 'https://b_-.example/' names no usable host; write a URL such as "
            "https://business.example/webhook"
        ),
    ),
    (
        HOOK + 'signed_event = "yes"\n',
        "target webhook, signed_event: 'yes' is neither true nor false, without quotes",
    ),
    (
        HOOK + 'signed_event = true\n[graph]\napp_secret = ""\n',
        (
            "target webhook, signed_event: account graph has an empty app_secret; write "
            '"credential:app_secret" there'
        ),
    ),
    (
        CONTROL,
        (
            'target control-1, url: is missing; write url = "https://one.example/": not Meta\'s; two '
            "controls need different owners and networks"
        ),
    ),
    (
        CONTROL + 'url = "https://graph.facebook.com/"\n',
        (
            "target control-1, url: graph.facebook.com is Meta's; a control needs a site of somebody "
            "else's, such as https://www.iana.org/"
        ),
    ),
    (
        CONTROL + 'url = "http://WhatsApp.com./"\n',
        (
            "target control-1, url: whatsapp.com is Meta's; a control needs a site of somebody else's, such "
            "as https://www.iana.org/"
        ),
    ),
    (
        '[[targets]]\nname = "real"\nprobe = "traffic"\ninterval = "5m"\n',
        "target real, interval: 5m cannot be: traffic is counted by the minute; leave it out",
    ),
    (
        '[[targets]]\nname = "real"\nprobe = "traffic"\ndirection = "both"\n',
        "target real, direction: 'both' is not one of send, receive",
    ),
    (
        API + '[graph]\naccess_token = ""\n',
        (
            "target cloud-api, account: account graph has an empty access_token; write "
            '"credential:access_token" there'
        ),
    ),
]
