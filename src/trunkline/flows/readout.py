"""How a menu's choices are read out to a caller, by language."""

_SENTENCES = {"en": "For {label}, press {key}.", "es": "Para {label}, pulse {key}."}
_KEYS = {
    "en": {"*": "star", "#": "hash"},
    "en-US": {"*": "star", "#": "pound"},
    "es": {"*": "asterisco", "#": "almohadilla"},
}


def can_read_menus(language: str) -> bool:
    """Say whether choices can be read out in a language."""
    return language.partition("-")[0] in _SENTENCES


def choice_read_out(label: str, key: str, language: str) -> str:
    """Return the sentence for one choice; English for a language that has none."""
    base = language.partition("-")[0]
    keys = _KEYS.get(language) or _KEYS.get(base) or _KEYS["en"]
    return _SENTENCES.get(base, _SENTENCES["en"]).format(label=label, key=keys.get(key, key))
