"""Values into words, in English and Spanish."""

import re
from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.flows import readout


@pytest.mark.parametrize(
    ("value", "english", "spanish"),
    [
        (0, "zero", "cero"),
        (21, "twenty-one", "veintiuno"),
        (31, "thirty-one", "treinta y uno"),
        (100, "one hundred", "cien"),
        (505, "five hundred and five", "quinientos cinco"),
        (1000, "one thousand", "mil"),
        (1101, "one thousand one hundred and one", "mil ciento uno"),
        (21_001, "twenty-one thousand and one", "veintiún mil uno"),
        (1_000_000, "one million", "un millón"),
        (2_000_016, "two million and sixteen", "dos millones dieciséis"),
        (3 * 10**12, "three trillion", "tres billones"),
        (-2.5, "minus two point five", "menos dos coma cinco"),
        (-0.0000001, "zero", "cero"),
    ],
)
def test_number_is_said(value: float, english: str, spanish: str) -> None:
    assert readout.number(value, "en-GB") == english
    assert readout.number(value, "es-MX") == spanish


@pytest.mark.parametrize(
    ("amount", "currency", "english", "spanish"),
    [
        (12.5, "GBP", "twelve pounds and fifty pence", "doce libras con cincuenta peniques"),
        (1, "EUR", "one euro", "un euro"),
        (21, "GBP", "twenty-one pounds", "veintiuna libras"),
        (200, "GBP", "two hundred pounds", "doscientas libras"),
        (500_001, "GBP", "five hundred thousand and one pounds", "quinientas mil una libras"),
        (21, "USD", "twenty-one dollars", "veintiún dólares"),
        (31, "USD", "thirty-one dollars", "treinta y un dólares"),
        (1_000_000, "EUR", "one million euros", "un millón de euros"),
        (-0.01, "USD", "minus one cent", "menos un centavo"),
        (0, "EUR", "zero euros", "cero euros"),
    ],
)
def test_money_is_said(amount: float, currency: str, english: str, spanish: str) -> None:
    assert readout.money(amount, currency, "en", spoken=True) == english
    assert readout.money(amount, currency, "es", spoken=True) == spanish


def test_money_is_written() -> None:
    assert readout.money(-12.5, "GBP", "en", spoken=False) == "-£12.50"
    assert readout.money(-12.5, "EUR", "es", spoken=False) == "-12,50 €"
    assert readout.money(1, "EUR", "fr", spoken=True) == "€1.00"


@pytest.mark.parametrize(
    ("day", "english", "american", "spanish"),
    [
        (date(2026, 11, 23), "Monday the twenty-third of November twenty twenty-six",
         "Monday, November twenty-third, twenty twenty-six", "lunes veintitrés de noviembre de dos mil veintiséis"),
        (date(2005, 1, 1), "Saturday the first of January two thousand and five",
         "Saturday, January first, two thousand and five", "sábado uno de enero de dos mil cinco"),
        (date(1900, 5, 30), "Wednesday the thirtieth of May nineteen hundred",
         "Wednesday, May thirtieth, nineteen hundred", "miércoles treinta de mayo de mil novecientos"),
        (date(1906, 8, 12), "Sunday the twelfth of August nineteen oh six",
         "Sunday, August twelfth, nineteen oh six", "domingo doce de agosto de mil novecientos seis"),
        (date(3000, 1, 4), "Saturday the fourth of January three thousand",
         "Saturday, January fourth, three thousand", "sábado cuatro de enero de tres mil"),
        (date(800, 1, 4), "Tuesday the fourth of January eight hundred",
         "Tuesday, January fourth, eight hundred", "martes cuatro de enero de ochocientos"),
    ],
)  # fmt: skip
def test_date_is_said(day: date, english: str, american: str, spanish: str) -> None:
    assert readout.date_words(day, "en-GB", spoken=True) == english
    assert readout.date_words(day, "en-US", spoken=True) == american
    assert readout.date_words(day, "es", spoken=True) == spanish


def test_date_is_written_as_it_is_usual() -> None:
    day = date(2026, 1, 2)

    written = [readout.date_words(day, language, spoken=False) for language in ("en", "en-US", "es", "fr")]

    assert written == ["2 January 2026", "January 2, 2026", "2 de enero de 2026", "2026-01-02"]


@pytest.mark.parametrize(
    ("moment", "english", "spanish"),
    [
        (time(0, 5), "twelve oh five a m", "las doce y cinco de la madrugada"),
        (time(9, 0), "nine a m", "las nueve de la mañana"),
        (time(12, 15), "twelve fifteen p m", "las doce y cuarto del mediodía"),
        (time(13, 30), "one thirty p m", "la una y media de la tarde"),
        (time(21, 42), "nine forty-two p m", "las nueve y cuarenta y dos de la noche"),
    ],
)
def test_time_is_said(moment: time, english: str, spanish: str) -> None:
    assert readout.time_words(moment, "en-GB", spoken=True) == english
    assert readout.time_words(moment, "es", spoken=True) == spanish


def test_time_is_written_as_it_is_usual() -> None:
    written = [readout.time_words(time(14, 5), language, spoken=False) for language in ("en", "en-US", "es")]

    assert written == ["14:05", "2:05 pm", "14:05"]
    assert readout.time_words(time(0, 5), "en-US", spoken=False) == "12:05 am"
    assert readout.time_words(time(14, 5), "fr", spoken=True) == "14:05"


def test_characters_are_said_one_by_one() -> None:
    assert readout.digits("47 11*", "en") == "four seven one one *"
    assert readout.digits("4711", "es") == "cuatro siete uno uno"
    assert readout.digits("47", "fr") == "4 7"
    assert readout.spelt("b7-x", "en") == "B seven dash X"
    assert readout.spelt("a@1", "es") == "A arroba uno"
    assert readout.number(4, "fr") == "4"
    assert (readout.yes_or_no("es", value=True), readout.yes_or_no("fr", value=False)) == ("sí", "no")


@given(st.integers(0, 10**15))
def test_every_number_has_words_of_its_language(value: int) -> None:
    assert re.fullmatch(r"[a-z -]+", readout.number(value, "en"))
    assert re.fullmatch(r"[a-záéíóúñ ]+", readout.number(value, "es"))


@given(st.dates(), st.times())
def test_every_date_and_time_has_words(day: date, moment: time) -> None:
    for language in ("en", "en-US", "es"):
        assert not re.search(r"[0-9]", readout.date_words(day, language, spoken=True))
        assert not re.search(r"[0-9]", readout.time_words(moment, language, spoken=True))
