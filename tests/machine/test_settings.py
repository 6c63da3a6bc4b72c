"""Every option once: where its value comes from, and what is said of a wrong one."""

import re
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from trunkline import secrets
from trunkline.cli import main
from trunkline.core.errors import Misconfigured
from trunkline.settings import PortRange, Settings, env_name, load, origins, unknown_environment


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(env_name(name), raising=False)
    monkeypatch.chdir(tmp_path)


def test_flag_goes_before_environment_before_file_before_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "here.toml").write_text("http_port = 1001\nsip_port = 1001\nami_port = 1001\n", encoding="utf-8")
    monkeypatch.setenv("TRUNKLINE_CONFIG_FILE", "here.toml")
    monkeypatch.setenv("TRUNKLINE_HTTP_PORT", "1002")
    monkeypatch.setenv("TRUNKLINE_SIP_PORT", "1002")

    settings = load({"http_port": "1003", "sip_port": None})

    assert (settings.http_port, settings.sip_port, settings.ami_port, settings.sip_ws_port) == (1003, 1002, 1001, 8088)
    came_from = origins({"http_port": "1003"})
    assert came_from["http_port"] == "flag"
    assert came_from["sip_port"] == "TRUNKLINE_SIP_PORT"
    assert came_from["ami_port"] == str(tmp_path / "here.toml")
    assert came_from["sip_ws_port"] == "default"


def test_file_in_the_data_directory_is_found_without_being_named(tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "trunkline.toml").write_text("demo = true\n", encoding="utf-8")

    assert load().demo


def test_named_file_that_is_missing_is_a_mistake() -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.toml does not exist"):
        load({"config_file": "nowhere.toml"})


def test_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text("http_port =\n", encoding="utf-8")

    with pytest.raises(Misconfigured, match=r"bad\.toml: .*line 1"):
        load({"config_file": "bad.toml"})


def test_every_wrong_value_gets_one_line_that_says_where_it_came_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_HTTP_PORT", "99999")

    with pytest.raises(Misconfigured) as caught:
        load({"rtp_ports": "10", "database_url": "mysql://root:hunter2@db", "htp_port": 1})

    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert any(line.startswith("http_port (TRUNKLINE_HTTP_PORT): ") for line in lines)
    assert "rtp_ports (flag): write a range of ports as first-last, for example 10000-10999" in lines
    assert "htp_port (flag): there is no such option; did you mean http_port?" in lines
    assert "hunter2" not in str(caught.value)


def test_hosts_that_flows_may_ask_are_a_text_or_a_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "here.toml").write_text('http_allowed_hosts = ["shop.internal:8443", "10.0.0.0/8"]\n', encoding="utf-8")
    of_file = load({"config_file": "here.toml"}).http_allowed_hosts
    monkeypatch.setenv("TRUNKLINE_HTTP_ALLOWED_HOSTS", "shop.internal:8443,10.0.0.0/8")

    assert str(of_file) == str(load().http_allowed_hosts) == "shop.internal:8443, 10.0.0.0/8"
    with pytest.raises(
        Misconfigured, match=r'http_allowed_hosts \(flag\): "a b" is no host: write shop\.internal:8443'
    ):
        load({"http_allowed_hosts": "10.0.0.0/8, a b"})


def test_relays_are_a_text_or_a_list_and_have_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    lines = 'relay_urls = ["turn:relay.example:3478", "turns:relay.example:443"]\nrelay_secret = "s"\n'
    (tmp_path / "here.toml").write_text(lines, encoding="utf-8")
    of_file = load({"config_file": "here.toml"}).relay_urls
    monkeypatch.setenv("TRUNKLINE_RELAY_URLS", "turn:relay.example:3478, turns:relay.example:443")

    assert of_file == load({"relay_secret": "s"}).relay_urls
    assert str(of_file) == "turn:relay.example:3478, turns:relay.example:443"
    with pytest.raises(Misconfigured, match="relay_urls and relay_secret go together"):
        load()
    with pytest.raises(Misconfigured, match=r"relay_urls \(flag\): https://a is no relay's URL: write turn:host"):
        load({"relay_urls": "https://a", "relay_secret": "s"})


def test_certificate_without_its_key_is_a_mistake() -> None:
    with pytest.raises(Misconfigured, match="tls_cert and tls_key go together"):
        load({"tls_cert": "cert.pem"})


def test_slip_in_a_variable_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_HTPP_PORT", "1")

    assert unknown_environment() == ["TRUNKLINE_HTPP_PORT: there is no such option; did you mean http_port?"]


def test_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_PUBLIC_URL", "")

    assert load().public_url is None


def test_range_of_ports_is_read_and_written_alike() -> None:
    assert load({"rtp_ports": "20000 - 20099"}).rtp_ports == PortRange(20000, 20099)
    assert str(PortRange(20000, 20099)) == "20000-20099"


def test_every_option_has_a_sentence() -> None:
    assert all(re.search(r"[\w)]\.$", field.description or "") for field in Settings.model_fields.values())


def test_settings_command_shows_all_but_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRUNKLINE_AMI_SECRET", "hunter2")

    shown = CliRunner().invoke(main, ["settings", "--http-port", "9000"])

    assert shown.exit_code == 0, shown.output
    assert "http_port = 9000   [flag]" in shown.output
    assert "ami_secret = (hidden)   [TRUNKLINE_AMI_SECRET]" in shown.output
    assert "hunter2" not in shown.output
    assert all(env_name(name) in shown.output for name in Settings.model_fields)


def test_wrong_flag_ends_the_command_with_a_line_and_no_traceback() -> None:
    shown = CliRunner().invoke(main, ["settings", "--http-port", "many"])

    assert shown.exit_code == 2
    assert shown.stderr.startswith("trunkline: http_port (flag): ")
    assert "Traceback" not in shown.output


def test_secret_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")

    assert secrets.ami_secret(settings) == secrets.ami_secret(settings)
    assert secrets.ami_secret(settings) != secrets.agent_secret(settings).decode()
    assert stat.S_IMODE(settings.secrets_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((settings.secrets_dir / "ami_secret").stat().st_mode) == 0o600


def test_chosen_secret_is_not_kept(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", ami_secret="chosen")

    assert secrets.ami_secret(settings) == "chosen"
    assert not settings.secrets_dir.exists()


def test_emptied_secret_file_is_named(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secrets.ami_secret(settings)
    (settings.secrets_dir / "ami_secret").write_text("", encoding="utf-8")

    with pytest.raises(Misconfigured, match="ami_secret is empty; delete it"):
        secrets.ami_secret(settings)
