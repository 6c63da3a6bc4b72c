"""docker-compose.yml speaks of the options that there are, and of what the images have."""

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from trunkline.settings import Settings, env_name

REPOSITORY = Path(__file__).parents[2]
TEXT = (REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = YAML(typ="safe").load(TEXT)
SERVICES: dict[str, Any] = COMPOSE["services"]
OPTIONS = {env_name(name) for name in Settings.model_fields}
# Of compose itself: the password of the PostgreSQL beside us.
OF_COMPOSE = {"TRUNKLINE_DB_PASSWORD"}


def test_every_variable_is_an_option() -> None:
    assert set(re.findall(r"TRUNKLINE_[A-Z_]+", TEXT)) - OF_COMPOSE <= OPTIONS


@pytest.mark.parametrize("service", ["asterisk", "service"])
def test_defaults_are_values_that_the_settings_take(service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SERVICES[service]["environment"].items():
        monkeypatch.setenv(name, re.sub(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)\}", r"\1", str(value)))

    settings = Settings()

    assert settings.data_dir == Path("/var/lib/trunkline")
    assert settings.ami_host == "127.0.0.1"


def test_every_service_says_when_it_is_healthy() -> None:
    assert all("healthcheck" in service for service in SERVICES.values())


def test_named_volumes_are_declared() -> None:
    named = {str(volume).partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert {name for name in named if not name.startswith((".", "/"))} == set(COMPOSE["volumes"])


def test_mounted_files_exist() -> None:
    mounted = {str(volume).partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert all((REPOSITORY / name).exists() for name in mounted if name.startswith("./"))


@pytest.mark.parametrize("service", [name for name in SERVICES if "build" in SERVICES[name]])
def test_image_is_built_from_a_file_that_exists(service: str) -> None:
    build = SERVICES[service]["build"]

    assert (REPOSITORY / (build["dockerfile"] if isinstance(build, dict) else "Dockerfile")).is_file()
