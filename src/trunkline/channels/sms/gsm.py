"""Texts as the air has them (3GPP TS 23.038 section 6.2.1): one septet to a byte, as SMPP carries them unpacked."""

_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_SECOND = {
    0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€",
}  # fmt: skip
_ESCAPE = 0x1B
_SEPTETS = {sign: bytes([at]) for at, sign in enumerate(_BASIC) if at != _ESCAPE} | {
    sign: bytes([_ESCAPE, at]) for at, sign in _SECOND.items()
}


def to_gsm(text: str) -> bytes:
    """Return a text in septets; raises KeyError for a sign that they do not have."""
    return b"".join(_SEPTETS[sign] for sign in text)


def of_gsm(data: bytes) -> str:
    """Return the text that septets are; what is none is U+FFFD. A sign of a table that nobody has is the basic one."""
    signs: list[str] = []
    escaped = False
    for septet in data:
        if septet == _ESCAPE and not escaped:
            escaped = True
            continue
        basic = _BASIC[septet] if septet < len(_BASIC) and septet != _ESCAPE else "\ufffd"
        signs.append(_SECOND.get(septet, basic) if escaped else basic)
        escaped = False
    return "".join(signs)
