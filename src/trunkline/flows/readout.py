"""Values into words, by language: English and Spanish, complete; other languages get the digits as they are written.

`spoken` words are for the ear ("twelve pounds fifty"), the others for the eye ("£12.50"). Years, money and clock times
follow British usage in English and the peninsular one in Spanish, and American where the language is en-US.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, time

_SENTENCES = {"en": "For {label}, press {key}.", "es": "Para {label}, pulse {key}."}
_KEYS = {
    "en": {"*": "star", "#": "hash"},
    "en-US": {"*": "star", "#": "pound"},
    "es": {"*": "asterisco", "#": "almohadilla"},
}
_YES = {"en": ("yes", "no"), "es": ("sí", "no")}
_EN_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_EN_TENS = ["-", "-", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_EN_LARGE = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_EN_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
_ES_SMALL = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
]
_ES_TENS = ["-", "-", "-", "treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa"]
_ES_HUNDREDS = [
    "-",
    "ciento",
    "doscientos",
    "trescientos",
    "cuatrocientos",
    "quinientos",
    "seiscientos",
    "setecientos",
    "ochocientos",
    "novecientos",
]
_MONTHS = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}
_DAYS = {
    "en": ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    "es": ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
}
CURRENCIES: Mapping[str, tuple[str, Mapping[str, tuple[str, str, str, str]]]] = {
    "EUR": ("€", {"en": ("euro", "euros", "cent", "cents"), "es": ("euro", "euros", "céntimo", "céntimos")}),
    "GBP": ("£", {"en": ("pound", "pounds", "penny", "pence"), "es": ("libra", "libras", "penique", "peniques")}),
    "USD": ("$", {"en": ("dollar", "dollars", "cent", "cents"), "es": ("dólar", "dólares", "centavo", "centavos")}),
}
"""Each currency with its sign, and with the words for one and for more of it and of its hundredth part."""
_FEMININE = frozenset({"libra"})
_SPELT = {
    "en": {"-": "dash", ".": "dot", "@": "at", "_": "underscore", "/": "slash", "+": "plus"},
    "es": {"-": "guion", ".": "punto", "@": "arroba", "_": "guion bajo", "/": "barra", "+": "más"},
}


def base_of(language: str) -> str:
    """Return a language without its region."""
    return language.partition("-")[0]


def can_read_menus(language: str) -> bool:
    """Say whether choices can be read out in a language."""
    return base_of(language) in _SENTENCES


def choice_read_out(label: str, key: str, language: str) -> str:
    """Return the sentence for one choice; English for a language that has none."""
    base = base_of(language)
    keys = _KEYS.get(language) or _KEYS.get(base) or _KEYS["en"]
    return _SENTENCES.get(base, _SENTENCES["en"]).format(label=label, key=keys.get(key, key))


def yes_or_no(language: str, *, value: bool) -> str:
    """Return the word for true or false; English for a language that has none."""
    return _YES.get(base_of(language), _YES["en"])[0 if value else 1]


def plain_number(value: float) -> str:
    """Return a number's digits: no exponent, no superfluous zeros, a dot before decimals."""
    if isinstance(value, int):
        return str(value)
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def number_in(text: str) -> int | float | None:
    """Return the number that a person wrote, with a dot or a comma before its decimals; None when it is none."""
    compact = text.strip().replace(" ", "")
    if re.fullmatch(r"[-+]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]{1,10})?", compact):
        compact = compact.replace(",", "")
    if not re.fullmatch(r"[-+]?[0-9]{1,15}([.,][0-9]{1,10})?", compact):
        return None
    compact = compact.replace(",", ".")
    return float(compact) if "." in compact else int(compact)


def written_number(value: float, language: str) -> str:
    """Return a number for the eye, with a comma before decimals where that is usual."""
    plain = plain_number(value)
    return plain.replace(".", ",") if base_of(language) == "es" else plain


def number(value: float, language: str) -> str:
    """Return a number for the ear: `one hundred and five`, `minus two point five`."""
    plain = plain_number(value)
    words = {"en": _english, "es": _spanish}.get(base_of(language))
    if words is None:
        return plain
    minus, point = ("menos", "coma") if base_of(language) == "es" else ("minus", "point")
    whole, _, decimals = plain.removeprefix("-").partition(".")
    said = [minus] if plain.startswith("-") else []
    said.append(words(int(whole)))
    if decimals:
        said += [point, digits(decimals, language)]
    return " ".join(said)


def digits(text: str, language: str) -> str:
    """Return digits one by one: `4711` is `four seven one one`; what is no digit stays."""
    small = {"en": _EN_SMALL, "es": _ES_SMALL}.get(base_of(language))
    return " ".join(small[int(each)] if small and each in "0123456789" else each for each in text if each.strip())


def spelt(text: str, language: str) -> str:
    """Return characters one by one, letters as capitals: `B7-x` is `B seven dash X`."""
    signs = _SPELT.get(base_of(language), {})
    named = (signs.get(each, each.upper()) for each in text if each.strip())
    return " ".join(digits(each, language) if len(each) == 1 else each for each in named)


def date_words(day: date, language: str, *, spoken: bool) -> str:  # noqa: PLR0911 - one for each usage
    """Return a date: `Monday the twenty-third of November` for the ear, `23 November 2026` for the eye."""
    base = base_of(language)
    if base not in _MONTHS:
        return day.isoformat()
    month, weekday = _MONTHS[base][day.month - 1], _DAYS[base][day.weekday()]
    if base == "es":
        if not spoken:
            return f"{day.day} de {month} de {day.year}"
        first = "uno" if day.day == 1 else _spanish(day.day)
        return f"{weekday} {first} de {month} de {_spanish(day.year)}"
    if language == "en-US":
        if not spoken:
            return f"{month} {day.day}, {day.year}"
        return f"{weekday}, {month} {_ordinal(day.day)}, {_year(day.year)}"
    if not spoken:
        return f"{day.day} {month} {day.year}"
    return f"{weekday} the {_ordinal(day.day)} of {month} {_year(day.year)}"


def time_words(moment: time, language: str, *, spoken: bool) -> str:
    """Return a time of day: `two thirty p m` or `las dos y media de la tarde` for the ear, `14:30` for the eye."""
    base = base_of(language)
    if not spoken or base not in _MONTHS:
        if language == "en-US":
            return f"{moment.hour % 12 or 12}:{moment.minute:02} {'am' if moment.hour < _NOON else 'pm'}"
        return f"{moment.hour:02}:{moment.minute:02}"
    hour = moment.hour % 12 or 12
    if base == "es":
        return _spanish_time(hour, moment)
    half = "a m" if moment.hour < _NOON else "p m"
    if moment.minute == 0:
        return f"{_english(hour)} {half}"
    minute = f"oh {_EN_SMALL[moment.minute]}" if moment.minute < _TEN else _english(moment.minute)
    return f"{_english(hour)} {minute} {half}"


def money(amount: float, currency: str, language: str, *, spoken: bool) -> str:
    """Return an amount: `twelve pounds fifty` for the ear, `£12.50` for the eye; `currency` is one of CURRENCIES."""
    sign, words = CURRENCIES[currency]
    base = base_of(language)
    hundredths = round(abs(amount) * 100)
    whole, part = divmod(hundredths, 100)
    minus = amount < 0 and hundredths > 0
    if not spoken or base not in words:
        if base == "es":
            return f"{'-' if minus else ''}{whole},{part:02} {sign}"
        return f"{'-' if minus else ''}{sign}{whole}.{part:02}"
    one, more, little, littles = words[base]
    said = ["menos" if base == "es" else "minus"] if minus else []
    if whole or not part:
        said.append(_counted(whole, one, more, base))
    if part:
        joint = (["con"] if base == "es" else ["and"]) if whole else []
        said += [*joint, _counted(part, little, littles, base)]
    return " ".join(said)


_TEN, _NOON, _HUNDRED, _THOUSAND = 10, 12, 100, 1000


def _counted(count: int, one: str, more: str, base: str) -> str:
    """Return a number of things."""
    if base != "es":
        return f"{_english(count)} {one if count == 1 else more}"
    if one in _FEMININE:
        return f"{_spanish(count, end='una')} {one if count == 1 else more}"
    of = "de " if count and count % 10**6 == 0 else ""
    return f"{_spanish(count, end='un')} {of}{one if count == 1 else more}"


def _english(value: int) -> str:
    """Return a whole number in English words, with the British `and`."""
    if value < len(_EN_SMALL):
        return _EN_SMALL[value]
    if value < _HUNDRED:
        tens, ones = divmod(value, 10)
        return _EN_TENS[tens] + (f"-{_EN_SMALL[ones]}" if ones else "")
    if value < _THOUSAND:
        hundreds, rest = divmod(value, 100)
        return f"{_EN_SMALL[hundreds]} hundred" + (f" and {_english(rest)}" if rest else "")
    size, called = next((size, called) for size, called in _EN_LARGE if value >= size)
    count, rest = divmod(value, size)
    joint = " and " if 0 < rest < _HUNDRED else " "
    return f"{_english(count)} {called}" + (joint + _english(rest) if rest else "")


def _ordinal(value: int) -> str:
    """Return first to thirty-first."""
    before, dash, last = _english(value).rpartition("-")
    return before + dash + _EN_ORDINALS.get(last, last + "th")


def _year(year: int) -> str:
    """Return a year as it is said: `twenty twenty-six`, `two thousand and five`."""
    century, rest = divmod(year, 100)
    if year < _THOUSAND or 2000 <= year < 2010:
        return _english(year)
    if rest == 0:
        return _english(year) if century % 10 == 0 else f"{_english(century)} hundred"
    return f"{_english(century)} {'oh ' if rest < _TEN else ''}{_english(rest)}"


def _spanish(value: int, end: str = "uno") -> str:  # noqa: PLR0911 - one for each size
    """Return a whole number in Spanish words; `end` is the form of a last one: uno, un, una."""
    if value >= 10**12:
        return _spanish_large(value, 10**12, ("un billón", "billones"), end)
    if value >= 10**6:
        return _spanish_large(value, 10**6, ("un millón", "millones"), end)
    if value >= _THOUSAND:
        count, rest = divmod(value, 1000)
        thousands = "mil" if count == 1 else f"{_spanish(count, 'una' if end == 'una' else 'un')} mil"
        return _joined([thousands, _spanish(rest, end) if rest else ""])
    if value >= _HUNDRED:
        hundreds, rest = divmod(value, 100)
        if value == _HUNDRED:
            return "cien"
        said = _ES_HUNDREDS[hundreds]
        said = said.replace("cientos", "cientas").replace("quinientos", "quinientas") if end == "una" else said
        return _joined([said, _spanish(rest, end) if rest else ""])
    if value < len(_ES_SMALL):
        last = _ES_SMALL[value]
        if value == 21 and end == "un":
            return "veintiún"
        return last.removesuffix("uno") + end if last.endswith("uno") else last
    tens, ones = divmod(value, 10)
    return _ES_TENS[tens] + (f" y {_spanish(ones, end)}" if ones else "")


def _spanish_large(value: int, size: int, called: Sequence[str], end: str) -> str:
    """Return a number of millions or more."""
    count, rest = divmod(value, size)
    said = called[0] if count == 1 else f"{_spanish(count, 'un')} {called[1]}"
    return _joined([said, _spanish(rest, end) if rest else ""])


def _spanish_time(hour: int, moment: time) -> str:
    """Return a time of day in Spanish, by the twelve-hour clock and the part of the day."""
    part = "de la madrugada" if moment.hour < 6 else "de la mañana"
    if moment.hour >= _NOON:
        part = "del mediodía" if moment.hour == _NOON else "de la tarde" if moment.hour < 21 else "de la noche"
    article = "la" if hour == 1 else "las"
    minutes = {0: "", 15: "y cuarto", 30: "y media"}.get(moment.minute, f"y {_spanish(moment.minute)}")
    return _joined([article, _spanish(hour, "una"), minutes, part])


def _joined(words: Sequence[str]) -> str:
    """Join what is there."""
    return " ".join(word for word in words if word)
