"""What `ring_latency` and `queue_rate` have in common: one queue of ours, and the same one of app_queue.

100 leads to ours and 700 to app_queue's, on one Asterisk; the same SIP phones serve both.
"""

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
