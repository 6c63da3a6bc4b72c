"""What each kind of channel promises, in a file beside it: the channels page shows it."""

from collections.abc import Mapping
from pathlib import Path

from ruamel.yaml import YAML

PROMISES = ("signature", "deduplication", "receipts", "attachments", "opt_out", "limits", "reconnect")
"""What every kind says something about."""
_FILES = {
    "webchat": "webchat/quality.yaml",
    "twilio": "sms/quality.yaml",
    "smpp": "sms/smpp.yaml",
    "email": "email/quality.yaml",
}


def quality_of(kind: str) -> Mapping[str, str]:
    """Return what a kind of channel promises, by what it is about, in the order of PROMISES."""
    told = YAML(typ="safe").load((Path(__file__).parent / _FILES[kind]).read_text(encoding="utf-8"))
    return {promise: str(told[promise]) for promise in PROMISES}
