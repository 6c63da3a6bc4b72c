"""`trunkline doctor` on the files and options that an admin edits: each mistake with its cure."""

from pathlib import Path

import pytest

from trunkline.cli.findings import Finding, on_files, on_ports
from trunkline.settings import PortRange, Settings, load

CENTRE = """name: Acme
region: GB
queues: {sales: {title: Sales}}
dispositions: [{code: done, title: Done}]
reasons: [{code: break, title: Break}]
"""
FLOW = """flow: main
title: Main line
media: [voice]
language: en-GB
entry: {numbers: ["100"]}
start: bye
steps:
  bye: {end: Goodbye.}
"""
TRUNKS = "trunks:\n  - {name: acme, hosts: [sip.acme.example]}\n"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Options that name files without a mistake."""
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows" / "centre.yaml").write_text(CENTRE, encoding="utf-8")
    (tmp_path / "flows" / "main.yaml").write_text(FLOW, encoding="utf-8")
    (tmp_path / "trunks.yaml").write_text(TRUNKS, encoding="utf-8")
    return load(
        {
            "data_dir": tmp_path / "var",
            "centre_file": tmp_path / "flows" / "centre.yaml",
            "flows_dir": tmp_path / "flows",
            "trunks_file": tmp_path / "trunks.yaml",
        }
    )


def bad(findings: list[Finding]) -> list[str]:
    """Return what is not good, each with its cure."""
    assert all(finding.cure for finding in findings if not finding.good)
    return [finding.text for finding in findings if not finding.good]


def test_files_without_a_mistake_are_counted(settings: Settings) -> None:
    found = {finding.subject: finding.text for finding in on_files(settings)}

    assert bad(list(on_files(settings))) == []
    assert found["flow files"] == "1 flow"
    assert found["trunks file"] == "1 trunk, 1 of them enabled"


def test_ports_that_leave_agents_without_a_leg_are_told_with_how_many_are_needed(settings: Settings) -> None:
    few = settings.model_copy(update={"rtp_ports": PortRange(10000, 10019)})
    agents = "".join(f"  a{number}: {{name: A, queues: [sales]}}\n" for number in range(3))
    settings.centre_file.write_text(f"{CENTRE}agents:\n{agents}", encoding="utf-8")

    [ports] = [finding for finding in on_files(few) if finding.subject == "audio ports"]

    assert (ports.good, ports.text) == (False, "10 legs: at most 8 callers, and 2 kept for 3 agents")
    assert ports.cure.endswith("rtp_ports=10000-10029")
    mended = settings.model_copy(update={"rtp_ports": PortRange(10000, 10029)})
    assert [finding.good for finding in on_files(mended) if finding.subject == "audio ports"] == [True]


def test_each_problem_of_the_trunks_file_is_shown(settings: Settings) -> None:
    settings.trunks_file.write_text("trunks:\n  - {name: acme, hosts: [sip.acme.example], codcs: [alaw]}\n  - {}\n")

    found = [finding for finding in on_files(settings) if finding.subject == "trunks file"]

    assert len(bad(found)) >= 2
    assert f"{settings.trunks_file}:2:" in found[0].text
    assert "codcs" in found[0].text


def test_trunks_file_that_is_no_text_is_shown(settings: Settings) -> None:
    settings.trunks_file.write_bytes(b"\xff\xfe\x00")

    assert any("trunks.yaml" in text for text in bad(list(on_files(settings))))


def test_centre_without_trunks_is_no_mistake(settings: Settings) -> None:
    settings.trunks_file.unlink()

    assert bad(list(on_files(settings))) == []


def test_each_problem_of_each_flow_file_is_shown(settings: Settings) -> None:
    (settings.flows_dir / "other.yaml").write_text(
        FLOW.replace("main", "other").replace("100", "101").replace("{end: Goodbye.}", "{queue: sails}")
    )

    found = bad(list(on_files(settings)))

    assert any("other.yaml:8:" in text and '"sails"' in text for text in found)


def test_folder_without_flows_is_shown(settings: Settings) -> None:
    (settings.flows_dir / "main.yaml").unlink()

    assert any("no flow" in text for text in bad(list(on_files(settings))))


def test_two_of_our_own_options_on_one_port_are_shown(settings: Settings) -> None:
    clashing = settings.model_copy(update={"http_port": 30741, "sip_port": 30742, "sip_ws_port": 30741})

    found = [finding for finding in on_ports(clashing, set()) if not finding.good and "30741" in finding.subject]

    assert [finding.text for finding in found] == ["wanted for the desktop and for SIP over websocket"]
    assert found[0].cure == "set TRUNKLINE_SIP_WS_PORT to another"
