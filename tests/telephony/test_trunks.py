from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.errors import Misconfigured
from trunkline.telephony.trunks import Registration, Trunk, refuse, trunk_config, trunks_in

EXAMPLE = (Path(__file__).parents[2] / "asterisk" / "trunks.yaml").read_text(encoding="utf-8")


def nothing(name: str) -> str:
    raise FileNotFoundError(2, "No such file or directory", name)


def read(text: str, **environment: str) -> tuple[list[Trunk], list[str]]:
    trunks, problems = trunks_in(text, environment=environment, read=nothing)
    return trunks, [str(problem) for problem in problems]


def test_the_worked_example_is_read_and_is_off() -> None:
    trunks, problems = read(EXAMPLE)

    assert problems == []
    assert [(trunk.name, trunk.enabled) for trunk in trunks] == [("example-carrier", False)]


def test_the_worked_example_works_once_it_is_on() -> None:
    (trunk,), problems = read(EXAMPLE.replace("enabled: false", "enabled: true"), EXAMPLE_CARRIER_PASSWORD="s;cret")

    assert problems == []
    assert trunk.register == Registration("442071234567", "s;cret", 3600)
    config = trunk_config(trunk)
    assert "password = s\\;cret\n" in config
    assert "media_encryption = sdes\nmedia_encryption_optimistic = yes\n" in config
    assert "server_uri = sip:sip.example-carrier.com\\;transport=tls\n" in config
    assert "allow = g722,alaw,ulaw\n" in config
    assert "max_random_initial_delay = 1\n" in config


def test_an_empty_file_is_no_trunks() -> None:
    assert read("") == ([], [])
    assert read("trunks:\n") == ([], [])


def test_a_trunk_by_address_matches_its_hosts() -> None:
    (trunk,), problems = read("trunks:\n- {name: a, hosts: ['192.0.2.9:5080', sip.example.com], srtp: no}\n")

    assert problems == []
    assert trunk.match == ("192.0.2.9", "sip.example.com")
    assert "set_var = TL_TRUNK=a\n" in trunk_config(trunk)
    assert "media_encryption = no\n" in trunk_config(trunk)


def test_every_mistake_is_told_at_once_with_its_place_and_cure() -> None:
    _, problems = read(
        "trunks:\n"
        "- name: Big Carrier\n"
        "  hosts: sip.example.com\n"
        "  srpt: sdes\n"
        "  codecs: [g729]\n"
        "  match: [300.1.2.3]\n"
        "  max_calls: many\n"
        "  register: {user: u, password_env: NOT_SET}\n"
        "- name: other\n"
        "  hosts: [h]\n"
        "  transport: sctp\n"
        "  register: {user: u, password: a, password_file: b}\n"
        "- just text\n"
        "truncs: []\n"
    )

    assert problems == [
        "2:3: 'Big Carrier' is no name for a trunk; use up to 32 of a-z, 0-9, - and _, for example `name: my-carrier`",
        "3:3: `hosts` is no list; write hosts: [sip.example.com]",
        "3:3: a trunk needs `hosts`; name the carrier's SIP servers, `hosts: [sip.…]`",
        "4:3: `srpt` is no key of a trunk; did you mean `srtp`?",
        "5:12: 'g729' in `codecs` is not understood; write one of opus, g722, alaw, ulaw",
        "6:11: '300.1.2.3' in `match` is not understood; "
        "write an address, a network such as 203.0.113.0/28, or a host name",
        "7:3: `max_calls: many` is not understood; write a whole number up to 100000",
        "8:23: NOT_SET is not in the environment; set NOT_SET, or use password_file",
        "11:3: `transport: sctp` is not understood; write one of udp, tcp, tls",
        "12:36: password and password_file together in `register`; "
        "give exactly one of password, password_env, password_file",
        "13:3: this trunk is no mapping; write `- name: …` and its keys below",
        "14:1: `truncs` is no key of the trunks file; did you mean `trunks`?",
    ]


def test_a_second_trunk_of_the_same_name_is_refused() -> None:
    _, problems = read("trunks:\n- {name: a, hosts: [h]}\n- {name: a, hosts: [i]}\n")

    assert problems == ["3:4: a second trunk `a`; give each trunk its own name"]


@pytest.mark.parametrize("text", ["trunks: [", "trunks:\n- name: a\n  name: b\n", "\t", "- 1", "trunks: {a: 1}", "7"])
def test_what_is_no_trunks_file_is_one_problem_with_a_place(text: str) -> None:
    trunks, problems = read(text)

    assert trunks == []
    assert len(problems) == 1


def test_a_password_that_would_break_the_line_is_refused() -> None:
    _, problems = read('trunks:\n- {name: a, hosts: [h], register: {user: u, password: "x\\ny"}}\n')

    assert problems == ["2:45: `password` is no text; write it in quotes, on one line"]


def test_refuse_names_the_file() -> None:
    _, problems = trunks_in("trunks: 1", environment={}, read=nothing)

    with pytest.raises(Misconfigured, match=r"trunks\.yaml:1:1: `trunks` is no list"):
        refuse(problems, "trunks.yaml")
    refuse([], "trunks.yaml")


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    trunks_in(text, environment={}, read=nothing)


@given(user=st.text(min_size=1), password=st.text(min_size=1))
def test_no_user_or_password_makes_a_line_of_its_own(user: str, password: str) -> None:
    text = f"trunks:\n- name: a\n  hosts: [h]\n  register: {{user: {quoted(user)}, password: {quoted(password)}}}\n"
    trunks, problems = read(text)

    for trunk in trunks:
        plain = Trunk("a", ("h",), ("h",), register=Registration("u", "p"))
        assert trunk_config(trunk).count("\n") == trunk_config(plain).count("\n")
    assert bool(trunks) is not bool(problems)


def quoted(text: str) -> str:
    return '"' + "".join(c if c.isascii() and c.isalnum() else f"\\U{ord(c):08x}" for c in text) + '"'
