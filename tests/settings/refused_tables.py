"""Texts with other tables that are refused, and text that is no TOML, and the sentence."""

from tests.settings.texts import EDGE, OPS

REFUSED_TABLES = [
    (EDGE + '[graph]\nversion = "25.0"\n', "[graph] version: '25.0' is not a Graph version such as v25.0"),
    (EDGE + "[graph]\nversion = 25.0\n", "[graph] version: 25.0 is not a Graph version such as v25.0"),
    (
        EDGE + '[graph]\nbase_url = "http://graph.example"\n',
        (
            "[graph] base_url: 'http://graph.example' would send the token unencrypted; write "
            "https://graph.facebook.com"
        ),
    ),
    (
        EDGE + '[graph]\nbase_url = "https://graph.example/?x=1"\n',
        "[graph] base_url: 'https://graph.example/?***' has a query; write https://graph.facebook.com",
    ),
    (
        EDGE + '[graph]\naccess_token = "hunter2"\n',
        (
            "[graph] access_token: a secret does not stand in this file, which is copied, backed up and "
            'shown; write "env:NAME", "file:/path" or "credential:NAME"'
        ),
    ),
    (
        EDGE + '[graph]\naccess_token = "https:hunter2"\n',
        (
            "[graph] access_token: a secret does not stand in this file, which is copied, backed up and "
            'shown; write "env:NAME", "file:/path" or "credential:NAME"'
        ),
    ),
    (
        EDGE + '[graph]\napp_secret = "env:hunter 2"\n',
        '[graph] app_secret: after env: stands no usable name; write it like "env:WAMON_TOKEN"',
    ),
    (
        EDGE + '[graph]\napp_secret = "file:hunter2"\n',
        '[graph] app_secret: after file: stands no usable name; write it like "file:/etc/wamon/token"',
    ),
    (
        EDGE + '[graph]\napp_secret = "credential:../hunter2"\n',
        '[graph] app_secret: after credential: stands no usable name; write it like "credential:token"',
    ),
    (
        EDGE + "[graph]\napp_secret = 7\n",
        (
            "[graph] app_secret: a secret does not stand in this file, which is copied, backed up and "
            'shown; write "env:NAME", "file:/path" or "credential:NAME"'
        ),
    ),
    (
        EDGE + '[graph]\nname = "main"\n',
        "[graph] name: is no setting here; it belongs to [[targets]] or [[accounts]] or [[channels]]",
    ),
    (
        EDGE + '[[accounts]]\nname = "graph"\n',
        "account graph, name: 'graph' is already taken by [graph]; names are labels and must differ",
    ),
    (
        EDGE + '[[accounts]]\nversion = "v25.0"\n',
        (
            '[[accounts]] number 1, name: is missing; write name = "cloud-api": a label on pages and '
            "metrics, and the last part of /webhook/NAME"
        ),
    ),
    (
        EDGE + '[service]\ntimezone = "Europe/Berln"\n',
        "[service] timezone: 'Europe/Berln' is not a known time zone; did you mean Europe/Berlin?",
    ),
    (
        EDGE + '[service]\ntimezone = "europe/berlin"\n',
        "[service] timezone: 'europe/berlin' is not a known time zone; did you mean Europe/Berlin?",
    ),
    (
        EDGE + '[service]\ntimezone = "Europe"\n',
        "[service] timezone: 'Europe' is not a known time zone; write one such as UTC or Europe/Berlin",
    ),
    (
        EDGE + '[service]\ntimezone = "../../etc/passwd"\n',
        (
            "[service] timezone: '../../etc/passwd' is not a known time zone; write one such as UTC or "
            "Europe/Berlin"
        ),
    ),
    (EDGE + "[service]\ntimezone = 1\n", "[service] timezone: 1 is not a time zone such as UTC or Europe/Berlin"),
    (
        EDGE + '[service]\nlisten = "127.0.0.1"\n',
        "[service] listen: '127.0.0.1' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + '[service]\nlisten = ":9877"\n',
        "[service] listen: ':9877' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + '[service]\nlisten = "127.0.0.1:99999"\n',
        "[service] listen: '127.0.0.1:99999' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + "[service]\nlisten = 9877\n",
        "[service] listen: 9877 is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + '[service]\nlisten = "::1:9877"\n',
        "[service] listen: '::1:9877' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + '[service]\nlog_level = "verbose"\n',
        "[service] log_level: 'verbose' is not one of debug, info, warning, error",
    ),
    (
        EDGE + '[service]\ninterval = "60s"\n',
        "[service] interval: is no setting here; it belongs to [reference] or [[targets]]",
    ),
    (
        EDGE + "[service]\nobservation_days = 7\n",
        "[service] observation_days: 7 is not a whole number from 15 to 36500",
    ),
    (
        EDGE + '[service]\nheartbeat_url = "https://hc.example/secret"\n',
        (
            "[service] heartbeat_url: a secret does not stand in this file, which is copied, backed up and "
            'shown; write "env:NAME", "file:/path" or "credential:NAME"'
        ),
    ),
    (
        EDGE + '[receiver]\napp_secret = ""\n',
        '[receiver] app_secret: is empty, and the receiver needs it; write "credential:app_secret"',
    ),
    (
        EDGE + '[receiver]\nlisten = "9878"\n',
        "[receiver] listen: '9878' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (
        EDGE + "[availability]\nobjective = 101\n",
        "[availability] objective: 101 is not a percentage between 0 and 100, such as 99.9",
    ),
    (
        EDGE + "[availability]\nobjective = -1\n",
        "[availability] objective: -1 is not a percentage between 0 and 100, such as 99.9",
    ),
    (
        EDGE + "[availability]\nobjective = nan\n",
        "[availability] objective: nan is not a percentage between 0 and 100, such as 99.9",
    ),
    (
        EDGE + '[availability]\nobjective = "99.9"\n',
        "[availability] objective: '99.9' is text; write 99.9, without quotes",
    ),
    (EDGE + "[availability]\nconfirm = 0\n", "[availability] confirm: 0 is not a whole number from 1 to 100"),
    (EDGE + "[availability]\nconfirm = 2.0\n", "[availability] confirm: 2.0 is not a whole number from 1 to 100"),
    (
        EDGE + "[availability]\nconfirm = true\n",
        "[availability] confirm: true is not a whole number from 1 to 100",
    ),
    (
        EDGE + '[reclassification]\nweekday = "mondy"\n',
        "[reclassification] weekday: 'mondy' is not a day of the week; did you mean monday?",
    ),
    (
        EDGE + "[reclassification]\nweekday = 1\n",
        "[reclassification] weekday: 1 is not a day of the week such as monday",
    ),
    (
        EDGE + '[reclassification]\nat = "6:00"\n',
        "[reclassification] at: '6:00' is not a time of day such as \"06:00\", in quotes",
    ),
    (
        EDGE + "[reclassification]\nat = 06:00:00\n",
        '[reclassification] at: 06:00:00 is not a time of day such as "06:00", in quotes',
    ),
    (
        EDGE + '[reclassification]\nat = "24:00"\n',
        "[reclassification] at: '24:00' is not a time of day such as \"06:00\", in quotes",
    ),
    (
        EDGE + '[reference]\ninterval = "4m"\n',
        "[reference] interval: 4m is too often for a page of Meta's; the shortest is 5m",
    ),
    (
        EDGE + '[reference]\nenabled = "no"\n',
        "[reference] enabled: 'no' is neither true nor false, without quotes",
    ),
    (
        EDGE + '[reference]\nbase_url = "https://metastatus.com/?a=1"\n',
        "[reference] base_url: 'https://metastatus.com/?***' has a query; write https://metastatus.com",
    ),
    *(
        (
            EDGE + f"[network]\nsecond_resolver = {given}\n",
            f"[network] second_resolver: {shown} is not a resolver's numeric address such as"
            " 9.9.9.9 or [2620:fe::fe]:53",
        )
        for given, shown in (
            ('"dns.quad9.net"', "'dns.quad9.net'"),
            ('"9.9.9.9:0"', "'9.9.9.9:0'"),
            ('"9.9.9"', "'9.9.9'"),
            ("53", "53"),
        )
    ),
    (
        EDGE + "[reclassification]\ndays = 90\n",
        (
            "[reclassification] days: 90 is not less than the 90 that [service] observation_days keeps; "
            "keep observations longer"
        ),
    ),
    (
        OPS,
        (
            'channel ops, url: is missing; write url = "env:WAMON_OPS_URL": any Apprise URL; a whole URL is '
            "a secret"
        ),
    ),
    (
        OPS + 'url = "slack://hunter2/token"\n',
        (
            "channel ops, url: a secret does not stand in this file, which is copied, backed up and shown; "
            'write "env:NAME", "file:/path" or "credential:NAME"'
        ),
    ),
    (
        OPS + 'url = "env:OPS"\non = ["outtage"]\n',
        "channel ops, on: 'outtage' is not a kind of notice; did you mean outage?",
    ),
    (
        OPS + 'url = "env:OPS"\non = []\n',
        (
            "channel ops, on: is empty, so the channel would never hear anything; leave it out for the "
            "usual notices"
        ),
    ),
    (
        OPS + 'url = "env:OPS"\non = "outage"\n',
        'channel ops, on: \'outage\' is not a list of notices such as ["outage", "endpoint"]',
    ),
    (
        OPS + 'url = "env:OPS"\non = [[1]]\n',
        (
            "channel ops, on: a list is not a kind of notice; there are outage, disruption, degraded, "
            "user_error, endpoint, unobserved, expiry, restated, digest"
        ),
    ),
    (
        OPS + 'url = "env:OPS"\nseverities = ["urgnt"]\n',
        "channel ops, severities: 'urgnt' is not a severity; did you mean urgent?",
    ),
    (
        OPS + 'url = "env:OPS"\nseverities = "urgent"\n',
        'channel ops, severities: \'urgent\' is not a list of severities such as ["critical", "urgent"]',
    ),
    (
        OPS + 'url = "env:OPS"\ntargets = ["grap"]\n',
        "channel ops, targets: 'grap' is not one of [[targets]]; did you mean graph?",
    ),
    (
        OPS + 'url = "env:OPS"\ntargets = "graph"\n',
        "channel ops, targets: 'graph' is not a list of names such as [\"cloud-api\"]",
    ),
    (
        OPS + 'url = "env:OPS"\naccounts = ["acme"]\n',
        "channel ops, accounts: 'acme' is not one of [[accounts]]; there are graph",
    ),
    (
        OPS + 'url = "env:OPS"\nquiet_hours = "22:00"\n',
        "channel ops, quiet_hours: '22:00' is not hours of the day such as \"22:00-07:00\", in quotes",
    ),
    (
        OPS + 'url = "env:OPS"\nquiet_hours = "24:00-07:00"\n',
        "channel ops, quiet_hours: '24:00-07:00' is not hours of the day such as \"22:00-07:00\", in quotes",
    ),
    (
        OPS + 'url = "env:OPS"\nquiet_hours = "22:00-22:00"\n',
        (
            "channel ops, quiet_hours: '22:00-22:00' begins and ends at once; write hours of the day such as "
            '"22:00-07:00", in quotes, or leave it empty for none'
        ),
    ),
    (
        OPS + 'url = "env:OPS"\ntimezone = "Europe/Berlin"\n',
        (
            "channel ops, timezone: is of quiet_hours, and there are none; "
            'write quiet_hours = "22:00-07:00", or leave it out'
        ),
    ),
    (
        OPS + 'url = "env:OPS"\nhourly_cap = 0\n',
        "channel ops, hourly_cap: 0 is not a whole number from 1 to 1000",
    ),
    (
        OPS + 'url = "env:OPS"\n[[channels]]\nname = "ops"\nurl = "env:OTHER"\n',
        "channel ops, name: 'ops' is already taken; names are labels and must differ",
    ),
    (EDGE + "[servce]\n", "[servce]: no such table; did you mean [service]?"),
    (
        EDGE + "[zebra]\n",
        (
            "[zebra]: no such table; there are [service], [graph], [receiver], [reports], [availability], "
            "[incidents], [reclassification], [digest], [reference], [network], [[accounts]], [[targets]], "
            "[[channels]]"
        ),
    ),
    ('interval = "60s"\n' + EDGE, "interval: stands before every table; it belongs to [reference] or [[targets]]"),
    ("zebra = 1\n" + EDGE, "zebra: stands before every table; leave it out"),
    (EDGE + "[[service]]\n", "[[service]]: stands once; write [service], in single brackets"),
    (EDGE + '[channels]\nname = "ops"\n', "[channels]: may stand often; write [[channels]], in double brackets"),
    ('[targets]\nname = "graph"\n', "[targets]: may stand often; write [[targets]], in double brackets"),
    ("service = 1\n" + EDGE, "service: 1 is no table; write [service], in single brackets"),
    (
        EDGE + "interval = 60s\n",
        "line 4, column 14: interval = 60s is not TOML: more follows the value; durations stand in quotes",
    ),
    (EDGE + 'name = "again"\n', 'line 4, column 15: name = "again" is not TOML: the key stands twice'),
    (
        EDGE + 'timeout = "10s\n',
        'line 4, column 15: timeout = "10s is not TOML: the line ends inside a text; is a quote missing?',
    ),
    (
        EDGE + '[graph]\naccess_token = "hunter2\n',
        "line 5, column 24: access_token = … is not TOML: the line ends inside a text; is a quote missing?",
    ),
    (EDGE + "[graph\n", "line 4, column 7: [graph is not TOML: expected ']' at the end of a table declaration"),
    (EDGE + "[graph]\n[graph]\n", "line 5, column 7: [graph] is not TOML: cannot declare ('graph',) twice"),
    (EDGE + "hunter2\n", "line 4, column 8: not TOML: expected '=' after a key in a key/value pair"),
    (
        EDGE + "family = ",
        "line 4, column 10: family = is not TOML: this is no value; texts and durations stand in quotes",
    ),
    ("x = " + "[" * 5000, "lists or tables stand too deep inside each other to be read"),
    (EDGE + "interval = " + "9" * 5000 + "\n", "a number has too many digits to be read"),
    (
        EDGE + 'interval = "' + "a1" * 20 + '"\n',
        "target graph, interval: a text of 40 characters is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + 'interval = "' + "la " * 30 + '"\n',
        "target graph, interval: a text of 90 characters is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + '[service]\nlisten = "localhost:65536"\n',
        "[service] listen: 'localhost:65536' is not an address with a port, such as 127.0.0.1:9877",
    ),
    (EDGE + "[availability]\nconfirm = 101\n", "[availability] confirm: 101 is not a whole number from 1 to 100"),
    (
        EDGE + f'interval = "{"1234567890" * 6}"\n',
        f"target graph, interval: '{'1234567890' * 6}' is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + f'interval = "{"1234567890" * 6}1"\n',
        "target graph, interval: a text of 61 characters is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + f"interval = {'9' * 60}\n",
        f"target graph, interval: {'9' * 60} is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + f"interval = {'9' * 61}\n",
        "target graph, interval: a number too long to show is not a duration such as 30s, 5m or 2h",
    ),
    (
        EDGE + f"[{'la' * 19}y\n",
        f"line 4, column 41: [{'la' * 19}y is not TOML: expected ']' at the end of a table declaration",
    ),
    (EDGE + f"[{'la' * 20}\n", "line 4, column 42: not TOML: expected ']' at the end of a table declaration"),
]
