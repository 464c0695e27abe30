"""Beginnings of configurations that the tables of refusals go on from."""

EDGE = '[[targets]]\nname = "graph"\nprobe = "edge"\n'
API = '[[targets]]\nname = "cloud-api"\nprobe = "api"\nphone_number_id = "1"\n'
SEND = (
    '[[targets]]\nname = "send"\nprobe = "message"\n'
    'phone_number_id = "1"\nto = "15550000000"\ntemplate = "canary"\n'
)
HOOK = '[[targets]]\nname = "webhook"\nprobe = "webhook"\nurl = "https://b.example/"\nverify_token = "env:V"\n'
CONTROL = '[[targets]]\nname = "control-1"\nprobe = "control"\n'
OPS = EDGE + '[[channels]]\nname = "ops"\n'
