import re
from dataclasses import replace
from pathlib import PurePosixPath

import pytest

from trunkline.core.errors import Misconfigured
from trunkline.telephony.place import AsteriskPaths
from trunkline.telephony.private_root import is_new_enough
from trunkline.telephony.provision import templates
from trunkline.telephony.render import EVENTS, SwitchPlan, plain, render
from trunkline.telephony.translate import WANTED
from trunkline.telephony.trunks import Trunk

PLAN = SwitchPlan(
    home=PurePosixPath("/srv/trunkline"),
    modules_dir=PurePosixPath("/usr/lib/asterisk/modules"),
    data_dir=PurePosixPath("/usr/share/asterisk"),
    recordings=PurePosixPath("/srv/trunkline/recordings"),
    systemname="trunkline",
    demo=False,
    sip_host="127.0.0.1",
    sip_port=5060,
    sip_tls_port=5061,
    sip_ws_port=8088,
    rtp_ports=(10000, 10999),
    external_address=None,
    inner_address=None,
    tls=None,
    ami_bind="127.0.0.1",
    ami_port=5038,
    ami_user="trunkline",
    ami_secret="secret",
    ami_permit=("127.0.0.1/255.255.255.255",),
    database_url="postgresql://switch:p%40ss%3Bword@db:5433/trunkline",
)


def rendered(**changes: object) -> dict[str, str]:
    return render(replace(PLAN, **changes), templates())  # type: ignore[arg-type]


def test_no_word_is_left_unfilled() -> None:
    assert not [name for name, text in rendered(demo=True).items() if "{{" in text]


def test_a_word_that_nobody_fills_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"asterisk/x\.conf: \{\{unheard_of\}\}"):
        render(PLAN, {"x.conf": "{{unheard_of}}"})


def test_every_event_that_concerns_us_is_let_through() -> None:
    assert set(EVENTS) >= WANTED
    assert rendered()["manager.conf"].count("eventfilter(action(include),name(") == len(EVENTS)


def test_what_the_switch_need_not_write_down_is_nothing_that_we_hear() -> None:
    [disabled] = re.findall(r"^disabledevents = (.*)$", rendered()["manager.conf"], re.MULTILINE)
    assert not set(disabled.split(",")) & set(EVENTS)


def test_the_manager_may_not_run_commands_or_change_files() -> None:
    written = re.search(r"^write = (.*)$", rendered()["manager.conf"], re.MULTILINE)

    assert written is not None
    assert written[1].split(",") == ["call", "agi", "originate", "reporting"]


def test_only_the_demo_takes_calls_of_this_machine_as_the_trunks() -> None:
    assert "demo-trunk" in rendered(demo=True)["pjsip.conf"]
    assert "endpoint_identifier_order = auth_username,username,ip\n" in rendered(demo=True)["pjsip.conf"]
    assert "demo-trunk" not in rendered()["pjsip.conf"]
    assert "endpoint_identifier_order = ip,username\n" in rendered()["pjsip.conf"]


def test_a_certificate_makes_sip_and_the_websocket_secure() -> None:
    files = rendered(tls=(PurePosixPath("/c.pem"), PurePosixPath("/k.pem")))

    assert "[transport-tls]" in files["pjsip.conf"]
    assert "[transport-wss]" in files["pjsip.conf"]
    assert "enabled = no\ntlsenable = yes\ntlsbindaddr = 127.0.0.1:8088\n" in files["http.conf"]


def test_a_trunk_over_tls_needs_a_certificate() -> None:
    trunk = Trunk("carrier", ("h",), ("h",), transport="tls")

    with pytest.raises(Misconfigured, match=r"trunk carrier: .*tls_cert"):
        rendered(trunks=(trunk,))
    assert "trunk-carrier" not in rendered(trunks=(replace(trunk, enabled=False),))["pjsip.conf"]


def test_a_trunks_limit_reaches_the_dialplan() -> None:
    trunks = (Trunk("a", ("h",), ("h",), max_calls=30), Trunk("b", ("h",), ("h",)))

    assert "TL_MAX_a = 30" in rendered(trunks=trunks)["extensions.conf"]
    assert "TL_MAX_b" not in rendered(trunks=trunks)["extensions.conf"]


@pytest.mark.parametrize("tls", [None, (PurePosixPath("/c.pem"), PurePosixPath("/k.pem"))])
def test_behind_address_translation_the_outside_is_told_our_public_address(
    tls: tuple[PurePosixPath, PurePosixPath] | None,
) -> None:
    files = rendered(external_address="198.51.100.7", sip_host="0.0.0.0", tls=tls)  # noqa: S104 - as behind a router
    transports = [section for section in files["pjsip.conf"].split("\n\n") if "\ntype = transport\n" in section]

    assert len(transports) == (4 if tls else 3)
    for section in transports:
        assert "external_media_address = 198.51.100.7\nexternal_signaling_address = 198.51.100.7\n" in section
        # Phones in the office, and this machine, are told the address that they see.
        networks = re.findall(r"^local_net = (.*)$", section, re.MULTILINE)
        assert networks == ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"]
    assert "external" not in rendered()["pjsip.conf"]


@pytest.mark.parametrize(
    ("outer", "inner", "told"),
    [
        ("198.51.100.7", "192.168.1.5", "192.168.1.5 => 198.51.100.7,include_local_address\n"),
        ("198.51.100.7", "198.51.100.7", ""),
        ("198.51.100.7", None, ""),
        (None, None, ""),
    ],
)
def test_a_browser_outside_is_told_where_to_send_its_audio(outer: str | None, inner: str | None, told: str) -> None:
    assert rendered(external_address=outer, inner_address=inner)["rtp.conf"].partition("candidates]\n")[2] == told


def test_no_caller_becomes_a_trunk_by_the_name_that_it_gives() -> None:
    text = rendered(demo=True, trunks=(Trunk("a", ("h",), ("h",)),))["pjsip.conf"]

    assert text.count("type = endpoint\n") == text.count("identify_by = ip\n") == 2


def test_the_database_is_named_as_the_url_means_it() -> None:
    assert (
        "dbhost = db\ndbport = 5433\ndbname = trunkline\ndbuser = switch\ndbpass = p@ss\\;word\n"
        in (rendered()["res_pgsql.conf"])
    )


@pytest.mark.parametrize("url", ["postgresql:///trunkline", "mysql://h/d"])
def test_a_database_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match="database_url"):
        rendered(database_url=url)


@pytest.mark.parametrize("secret", ["a\nb", "a\r", "\0"])
def test_a_value_with_line_breaks_is_refused(secret: str) -> None:
    with pytest.raises(Misconfigured, match="control character"):
        rendered(ami_secret=secret)


def test_a_semicolon_does_not_begin_a_comment() -> None:
    assert plain("a;b") == "a\\;b"
    assert plain("a\\b") == "a\\b"


def test_a_build_without_a_module_of_ours_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"built without .*app_queue"):
        rendered(modules=frozenset({"res_agi.so"}))


def test_the_caller_id_is_read_in_the_dialplan_only_to_be_cleaned() -> None:
    steps = [line for line in rendered()["extensions.conf"].splitlines() if not line.startswith(";")]

    reading = [line for line in steps if "CALLERID" in line or "CONNECTEDLINE" in line]
    assert reading[:2] == [
        rf" same => n,Set(CALLERID({part})=${{FILTER(\x20-\x7e\x80-\xff,${{CALLERID({part})}})}})"
        for part in ("num", "name")
    ]
    # Whom we call sees our number; then the caller has their own again.
    outside = [
        "CALLERID(all)=<${TL_AS}>",
        "TL_FROM=${CALLERID(num)}",
        "CALLERID(num)=${TL_AS}",
        "CALLERID(num)=${TL_FROM}",
    ]
    assert reading[2:-1] == [f" same => n,Set({each})" for each in outside]
    # And digits of it are in the name of a message's file.
    assert "/fallback/${UNIQUEID}_${FILTER(0-9+,${CALLERID(num)}):0:32}_" in reading[-1]
    cleaned = next(number for number, line in enumerate(steps) if "CALLERID(name)" in line)
    assert cleaned < next(number for number, line in enumerate(steps) if "Answer()" in line)


def test_a_strangers_channel_is_not_told_of_before_its_caller_is_cleaned() -> None:
    [disabled] = re.findall(r"^disabledevents = (.*)$", rendered()["manager.conf"], re.MULTILINE)
    assert {"Newchannel", "Newexten", "VarSet"} <= set(disabled.split(","))
    excluded = [line for line in rendered(demo=True)["manager.conf"].splitlines() if "action(exclude)" in line]
    assert excluded
    assert all("name(NewCallerid),header(Channel),method(starts_with)) = PJSIP/" in line for line in excluded)


def test_callers_leave_ports_for_the_agents_who_are_rung() -> None:
    files = rendered()

    assert "TL_MAX_CALLERS = 400\n" in files["extensions.conf"]
    assert "maxcalls" not in files["asterisk.conf"], "it would drop agents who have just answered"


def test_asterisk_knows_files_by_its_own_paths() -> None:
    from pathlib import Path  # noqa: PLC0415

    paths = AsteriskPaths(
        Path("/d/asterisk"),
        Path("/d/asterisk/sounds"),
        Path("/d/asterisk/rec"),
        seen_as=PurePosixPath("/srv/trunkline"),
    )

    assert paths.inside(Path("/d/asterisk/sounds/a.wav")) == "/srv/trunkline/sounds/a.wav"
    with pytest.raises(ValueError, match="is not in the subpath"):
        paths.inside(Path("/etc/passwd"))
    assert AsteriskPaths(None, Path("/s"), Path("/r")).inside(Path("/s/a.wav")) == "/s/a.wav"


@pytest.mark.parametrize(
    ("version", "fits"),
    [("22.3.0", True), ("22.10.1", True), ("23.0.0", True), ("22.2.9", False), ("20.11.0", False), ("?", False)],
)
def test_which_versions_will_do(version: str, fits: bool) -> None:
    assert is_new_enough(version) is fits
