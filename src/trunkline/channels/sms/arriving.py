"""What a text message that somebody sent is: words for people, or a word that means the channel."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from trunkline.channels.sms.keywords import Keyword, keyword_of
from trunkline.ports.channel import ChannelEvent, ConversationId, Said, Wished

_WANTS = {Keyword.STOP: False, Keyword.START: True, Keyword.HELP: None}


def event_of(
    conversation: ConversationId,
    text: str,
    id_: str,
    *,
    at: datetime,
    replies: Mapping[Keyword, str],
    details: Mapping[str, Any] = MappingProxyType({}),
) -> ChannelEvent:
    """Return what a channel tells of a message; `replies` are what it answers to such words, where it does."""
    keyword = keyword_of(text)
    reply = replies.get(keyword, "") if keyword is not None else ""
    if keyword is None or (keyword is Keyword.HELP and not reply):
        return Said(conversation, text, at, id_, details=dict(details))
    return Wished(conversation, text, at, id_, _WANTS[keyword], reply)
