"""Expressions: what they mean, what is refused, and that nothing else can happen."""

from collections.abc import Mapping
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flows.examples import MONDAY_TEN, the_facts
from trunkline.flows.evaluate import MOST_TEXT, Known, ValueFault, decided, evaluate, filled_in
from trunkline.flows.expression import MOST_CHARACTERS, NotAnExpression, names, parse
from trunkline.flows.functions import FUNCTIONS, LARGEST
from trunkline.flows.talk import Value
from trunkline.flows.template import Condition, Template

VALUES: Mapping[str, Value] = {
    "n": 3, "half": 0.5, "t": "Hello", "yes": True, "none": None, "digits": "4711", "huge": 10**30,
    "order": {"status": "sent", "items": ["a", "b"], "paid": {"amount": "12.50"}}, "order-no": "7",
}  # fmt: skip


def the_known(medium: str = "voice", language: str = "en-GB") -> Known:
    """Return what an expression can read."""
    return Known(VALUES, the_facts(medium, {"tier": "gold"}), language, ("vip",), MONDAY_TEN)


def worth(text: str, medium: str = "voice", language: str = "en-GB") -> Value:
    """Return what a text is worth."""
    return evaluate(parse(text), the_known(medium, language))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3 - 4 / 2", 5.0),
        ("(1 + 2) * 3", 9),
        ("7 % 4", 3),
        ("10 - 3 - 2", 5),
        ("-n + 1", -2),
        ("1.5", 1.5),
        ("'a' + \"b\"", "ab"),
        ("order.status == 'sent' and not (n > 3)", True),
        ("n >= 3 or nothing", True),
        ("n <= 2 or t < 'J'", True),
        ("n != 3", False),
        ("true == 1", False),
        ("null == nothing.at.all", True),
        ("customer.tier == 'gold' ? 5 : 0", 5),
        ("false ? 1 : true ? 2 : 3", 2),
        ("'vip' in tags", True),
        ("'ell' in t", True),
        ("'status' in order", True),
        ("1 in order", False),
        ("1 in n", False),
        ("order-no", "7"),
        ("t.length", None),
        ("caller", "+447700900123"),
        ("dialled", "100"),
        ("medium", "voice"),
        ("language", "en-GB"),
        ("now.weekday", "mon"),
        ("now.hour", 10),
        ("lower(t)", "hello"),
        ("upper(t)", "HELLO"),
        ("trim(' a  b ')", "a b"),
        ("length(t) + length(order.items) + length(n)", 8),
        ("number('1,250.5') + number(' 2,5 ') + number(1)", 1254.0),
        ("round(2.5)", 3),
        ("round(-2.345, 2)", -2.35),
        ("min(3, 1, 2) + max(3, 1)", 4),
        ("default(nothing, 'x')", "x"),
        ("default(1 / 0, 'x')", "x"),
        ("default(t, 'x')", "Hello"),
        ("starts(t, 'He')", True),
        ("contains(t, 'lo')", True),
        ("text(n) + text(yes) + text(none) + text(half) + text(false)", "3true0.5false"),
        ("digits(digits)", "four seven one one"),
        ("spell('B7')", "B seven"),
        ("money(order.paid.amount, 'GBP')", "twelve pounds and fifty pence"),
        ("date('2026-11-23T09:00')", "Monday the twenty-third of November twenty twenty-six"),
        ("time('14:30')", "two thirty p m"),
        ("time('2026-11-23T09:00')", "nine a m"),
    ],
)
def test_expression_is_worth(text: str, value: Value) -> None:
    assert worth(text) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("digits(digits)", "4711"),
        ("spell('B7')", "B7"),
        ("money(12.5, 'GBP')", "£12.50"),
        ("date(now.date)", "23 November 2026"),
        ("time(now.time)", "10:00"),
    ],
)
def test_values_are_written_where_they_are_read(text: str, shown: str) -> None:
    assert worth(text, "chat") == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / 0", "divided by zero"),
        ("t + 1", "a text is not a number"),
        ("-order", "a group of values is not a number"),
        ("tags < 1", "a list is not a number"),
        ("yes + 1", "true or false is not a number"),
        ("nothing * 2", "what is not known is not a number"),
        ("huge + 1", "too large"),
        ("999999999999999 * 999999999999999", "too large"),
        ("upper(tags)", "is not a text"),
        ("number('x')", "is not a number"),
        ("round(1, 9)", "0 to 6"),
        ("date('soon')", "not a date"),
        ("time('late')", "not a time"),
        ("money(1, 'XYZ')", "money knows"),
    ],
)
def test_value_that_cannot_be_had_is_a_fault(text: str, why: str) -> None:
    with pytest.raises(ValueFault, match=why):
        worth(text)


def test_text_that_grows_too_long_is_a_fault() -> None:
    long = "'" + "x" * 200 + "'"
    known = Known({"t": "x" * 1900}, the_facts(), "en", (), MONDAY_TEN)

    with pytest.raises(ValueFault, match="longer"):
        evaluate(parse(f"t + {long}"), known)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "a value should be there"),
        ("1 +", "the end at character 4 is not expected: a value should be there"),
        ("(1", "the end at character 3 is not expected: ) should be there"),
        ("a b", '"b" at character 3 is not expected: the end should be there'),
        ("a = b", "write == to compare"),
        ("a && b", "write and"),
        ("!a", "write not"),
        ("a ~ b", "signs such as == are known"),
        ("'a", "has no end: close the quotes"),
        ("a.1", "one follows a dot"),
        ("a.", "one follows a dot"),
        ("1 < 2 < 3", "compares a comparison"),
        ("a ? b", '":" and what to take otherwise should be there'),
        ("eval(1)", "there is no function eval"),
        ("lower()", "lower takes 1 value, not 0"),
        ("min(1)", "min takes 2 to 8 values, not 1"),
        ("lower(1 2)", '"," or ")" should be there'),
        ("a.__class__.__init__()", '"__class__" cannot be a name: none begins with __'),
        ("__import__", '"__import__" cannot be a name'),
        ("9 ** 9 ** 9", "a value should be there"),
        ("not " * 200 + "a", "longer than"),
        ("not " * 60 + "a", "nested more than 32 deep"),
        ("-" * 60 + "1", "nested more than 32 deep"),
        ("lower(" * 60 + "a" + ")" * 60, "nested more than 32 deep"),
        ("a ? " * 40 + "b" + " : c" * 40, "more than 32"),
        ("(" * 40 + "1" + ")" * 40, "nested more than 32 deep"),
        ("1" + "+1" * 40, "more than 32 parts"),
        ("1" * 501, f"longer than {MOST_CHARACTERS} characters"),
    ],
)
def test_text_that_is_no_expression_says_why(text: str, what: str) -> None:
    with pytest.raises(NotAnExpression) as caught:
        parse(text)

    assert what in str(caught.value)


def test_names_are_found_wherever_they_stand() -> None:
    found = parse("a.b + -c > 1 ? lower(d) : not e")

    assert [".".join(name.path) for name in names(found)] == ["a.b", "c", "d", "e"]


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("medium == 'voice'", True),
        ("medium != 'voice'", False),
        ("not medium == 'voice'", False),
        ("not n", None),
        ("medium == 'chat' and n", False),
        ("medium == 'voice' and n", None),
        ("medium == 'voice' or n", True),
        ("medium == 'chat' or medium == 'sms'", False),
        ("true", True),
        ("n == 3", None),
    ],
)
def test_medium_alone_may_decide(text: str, outcome: bool | None) -> None:
    assert decided(parse(text), "voice") is outcome


def test_text_is_filled_in_and_what_is_missing_is_left_out() -> None:
    faults: list[str] = []

    text = Template.of("You are {n}, {{really}} {order.state}{yes}.").filled(the_known(), faults)

    assert text == "You are three, {really} yes."
    assert faults == ["order.state is not known"]
    assert filled_in(parse("half"), the_known("chat", "es")) == "0,5"
    with pytest.raises(ValueFault, match="a value is not known"):
        filled_in(parse("null"), the_known())


def test_one_expression_keeps_its_kind_and_a_mixture_is_text() -> None:
    assert Template.of("{n}").value(the_known()) == 3
    assert Template.of("{n}!").value(the_known()) == "three!"
    assert Condition.of(" {n > 2} ").value(the_known()) is True
    assert str(Template.of(" a  b ")) == "a b"
    assert (Template.of("a").plain, Template.of("a{n}").plain) == ("a", None)
    with pytest.raises(ValueFault):
        Template.of("{nothing}!").value(the_known())


@pytest.mark.parametrize("text", ["{", "}", "{}", "{a", "{'}", "{a b}", " ", "x" * 2001, "\x01", "{" + "a+" * 60 + "}"])
def test_text_that_cannot_be_filled_in_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        Template.of(text)


# fmt: off
PIECES = st.sampled_from([
    "n", "t", "order", "tags", "nothing", "huge", "now", "customer", "1", "0", "2.5", "'a'", "''", "true", "null", " ",
    "+", "-", "*", "/", "%", "(", ")", ",", ".", "?", ":", "==", "!=", "<", ">=", "and ", "or ", "not ", "in ", "\x00",
    *(f"{name}(" for name in FUNCTIONS), "default(", "__class__", '"', "=",
])
# fmt: on
ATOMS = st.sampled_from(
    ["n", "t", "half", "yes", "none", "order", "order.items", "tags", "huge", "1", "0", "'a'", "'1'"]
)
SIGNS = st.sampled_from(["+", "-", "*", "/", "%", "<", "==", "and", "in"])
TREES = st.recursive(
    ATOMS,
    lambda inside: st.one_of(
        st.builds("({} {} {})".format, inside, st.sampled_from(["+", "-", "/", "%", "<", "==", "and", "in"]), inside),
        st.builds("({} ? {} : {})".format, inside, inside, inside),
        st.builds("{}({})".format, st.sampled_from(["lower", "length", "number", "date", "round"]), inside),
        st.builds("{}({}, {})".format, st.sampled_from(["money", "contains", "max", "default"]), inside, inside),
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=20).map("".join), TREES))
def test_any_text_is_worth_something_or_says_why_not(text: str) -> None:
    with suppress(NotAnExpression):
        found = parse(text)
        for medium, language in (("voice", "en-GB"), ("sms", "es"), ("voice", "fr")):
            with suppress(ValueFault):
                filled_in(found, the_known(medium, language))


class Order(dict[str, Value]):
    """A record with more to it than its keys."""

    secret = "leaked"


@given(
    st.sampled_from(sorted({*dir(Order), *dir(str), *dir(int), *dir(MONDAY_TEN)})), st.sampled_from(["order", "t", "n"])
)
def test_names_lead_into_values_and_never_to_what_python_has(attribute: str, name: str) -> None:
    known = Known({"order": Order(), "t": "Hello", "n": 3}, the_facts(), "en-GB", (), MONDAY_TEN)

    with suppress(NotAnExpression):
        assert evaluate(parse(f"{name}.{attribute}"), known) is None


GROWING = st.recursive(
    st.sampled_from(["n", "long", "999999999999999", "0.0000000001", "'ß'"]),
    lambda inside: st.one_of(
        st.builds("({} {} {})".format, inside, st.sampled_from("+-*/%"), inside),
        st.builds("{}({})".format, st.sampled_from(["upper", "spell", "digits", "text", "round"]), inside),
        st.builds("(true ? {} : 0)".format, inside),
        st.builds("(-{})".format, inside),
    ),
    max_leaves=30,
)


@given(GROWING)
def test_whatever_is_reckoned_stays_small(text: str) -> None:
    known = Known({"n": 9, "long": "ß" * 1900}, the_facts(), "en-GB", (), MONDAY_TEN)

    with suppress(NotAnExpression, ValueFault):
        worth_ = evaluate(parse(text), known)
        assert len(worth_) <= MOST_TEXT if isinstance(worth_, str) else abs(worth_) <= LARGEST


@given(st.text(alphabet="()[]{}!?:-+*/%.,<>= 'aeorntb1_\"\\", max_size=2 * MOST_CHARACTERS))
def test_no_text_makes_other_trouble_than_its_own(text: str) -> None:
    with suppress(NotAnExpression):
        found = parse(text)
        assert len(text) <= MOST_CHARACTERS
        assert not any(part.startswith("__") for name in names(found) for part in name.path)
