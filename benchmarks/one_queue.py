"""What `ring_latency` and `queue_rate` have in common: one queue of ours, the same one of app_queue, and their phones.

100 leads to ours and 700 to app_queue's, on one Asterisk; the same SIP phones serve both.
"""

from benchmarks.centre import BenchCentre
from benchmarks.phones import AgentPhone, plugged_in
from trunkline import secrets
from trunkline.core.sip_account import sip_ha1, sip_password

OURS, PEER = "100", "700"
QUEUE = "bench"
FLOW = f"""
flow: main
entry: {{numbers: ["{OURS}"]}}
start: wait
steps:
  wait: {{queue: sales, while_waiting: {{announce: []}}}}
"""
_DIALPLAN = f"""
[from-trunk](+)
exten => {PEER},1,Answer()
 same => n,Queue({QUEUE})
 same => n,Hangup()
"""
_QUEUE_CONF = f"""
[{QUEUE}]
musicclass = default
strategy = leastrecent
timeout = 20
retry = 1
wrapuptime = 0
autofill = yes
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-frequency = 0
"""
SETTINGS_NOTE = (
    "app_queue: strategy=leastrecent, retry=1 (the least it takes), autofill=yes, wrapuptime=0, ringinuse=no"
)


def additions(agents: int) -> dict[str, str]:
    """Return app_queue's part of Asterisk's files, with so many agents as its members."""
    members = "".join(f"member = PJSIP/agent{number:02},0\n" for number in range(agents))
    return {"extensions.conf": _DIALPLAN, "queues.conf": _QUEUE_CONF + members}


async def phones_of(house: BenchCentre, *, talk_s: float | None) -> list[AgentPhone]:
    """Return every agent's phone, registered, on the first of the spare ports."""
    secret, server = secrets.agent_secret(house.settings), ("127.0.0.1", house.settings.sip_port)

    def make(name: str, port: int) -> AgentPhone:
        return AgentPhone(name, sip_ha1(name, sip_password(secret, name)), port, server, talk_s=talk_s)

    return await plugged_in(house.agents, house.spare[: len(house.agents)], make)
