"""Messages in a test: look at what was sent, with which key; `fails` says why nothing can be."""

from dataclasses import dataclass, field

from trunkline.flows.talk import Send, SendFailed, Sent


@dataclass
class FakeMessenger:
    """Messenger: sends each key once."""

    sent: dict[str, Send] = field(default_factory=dict)
    fails: str = ""

    async def send(self, want: Send, *, key: str) -> Sent | SendFailed:
        if self.fails:
            return SendFailed(self.fails)
        self.sent.setdefault(key, want)
        return Sent()
