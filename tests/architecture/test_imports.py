"""The shape of the code, as a test: who may import whom, and one door for each library."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "trunkline"
LONGEST_MODULE = 400

MAY_IMPORT = {
    "core": set(),
    "flows": {"core"},
    "ports": {"core", "flows"},
    "floor": {"core", "flows", "ports"},
    "telephony": {"core", "flows", "ports"},
    "channels": {"core", "flows", "ports"},
    "speech": {"core", "flows", "ports"},
    "fetch": {"core", "flows", "ports"},
    "store": {"core", "flows", "ports"},
    "crm": {"core", "flows", "ports"},
    "web": {"core", "ports", "floor"},
    "simulate": {"core", "settings"},
    "planning": {"core"},
    "cli": {"app", "settings", "core", "flows", "planning"},
    "__main__": {"cli"},
}

# What stands beside the folders serves the composition root.
BESIDE_THE_FOLDERS = {"core", "flows", "ports", "settings"}

MAY_ALSO_IMPORT = {
    "accounts.py": {"secrets"},
    "texts.py": {"accounts", "channels", "floor", "secrets"},
    "doors.py": {"floor", "store", "texts", "web"},
    # Our own PostgreSQL is a part of the machine that the command line starts, beside the store.
    "store/embedded.py": {"settings", "secrets", "processes"},
    "store/programs.py": {"processes"},
    "telephony/provision.py": {"processes"},
    "cli/agent.py": {"secrets"},
    "cli/report.py": {"store"},
    "cli/outbox.py": {"store"},
    "cli/contact.py": {"store"},
    "cli/database.py": {"store"},
    "cli/config.py": {"store"},
    "cli/routing.py": {"store"},
    "cli/routing_journal.py": {"store"},
    "cli/run.py": {"store", "processes"},
    "cli/switch_alone.py": {"store"},
    "cli/switch.py": {"store", "telephony", "secrets", "processes"},
    "cli/findings.py": {"store", "telephony", "processes", "channels"},
    "cli/supervisor.py": {"processes"},
    "cli/ports.py": {"processes"},
    "cli/serve.py": {"processes"},
    "cli/spare.py": {"processes"},
    "cli/welcome.py": {"secrets", "channels"},
    "cli/call.py": {"simulate", "secrets"},
    "cli/demo.py": {"simulate", "secrets", "processes"},
    "cli/flow.py": {"garbage"},
}

DOORS = {
    "holidays": lambda module: module == "flows/holidays.py",
    "panoramisk": lambda module: module == "telephony/ami.py",
    "asyncpg": lambda module: module.startswith("store/"),
    "vosk": lambda module: module.startswith("speech/"),
    "pydub": lambda module: module.startswith("speech/"),
    "pyVoIP": lambda module: module.startswith("simulate/"),
}

MODULES = sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))
FOLDERS = sorted({str(path.parent.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py")} - {"."})


def imported(module: str) -> Iterator[str]:
    """The full name of everything that a module imports, wherever in it."""
    tree = ast.parse((PACKAGE / module).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def owner(module: str) -> str:
    """The folder of a module, or its own name where it stands beside the folders."""
    return module.partition("/")[0].removesuffix(".py")


@pytest.mark.parametrize("module", MODULES)
def test_module_imports_only_what_it_may(module: str) -> None:
    if owner(module) in {"app", "__init__"}:
        return
    ours = {name.split(".")[1] for name in imported(module) if name.startswith("trunkline.")}
    usual = MAY_IMPORT[owner(module)] if "/" in module else MAY_IMPORT.get(owner(module), BESIDE_THE_FOLDERS)
    allowed = usual | MAY_ALSO_IMPORT.get(module, set()) | {owner(module)}

    assert not ours - allowed, f"{module} must not import {sorted(ours - allowed)}"


@pytest.mark.parametrize("module", MODULES)
def test_library_is_imported_at_its_door_only(module: str) -> None:
    libraries = {name.partition(".")[0] for name in imported(module)} & DOORS.keys()

    assert not {library for library in libraries if not DOORS[library](module)}


@pytest.mark.parametrize("module", MODULES)
def test_module_fits_the_budget(module: str) -> None:
    assert len((PACKAGE / module).read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_says_what_it_is_for(folder: str) -> None:
    if not list((PACKAGE / folder).glob("*.py")):
        return
    assert ast.get_docstring(ast.parse((PACKAGE / folder / "__init__.py").read_text(encoding="utf-8")))


def test_python_lock_file_names_public_hosts_only() -> None:
    text = (REPOSITORY / "uv.lock").read_text(encoding="utf-8")

    assert set(re.findall(r"https?://([^/\"]+)", text)) == {"pypi.org", "files.pythonhosted.org"}


@pytest.mark.parametrize("folder", ["src/desktop", "tests/editor"])
def test_lock_file_of_javascript_names_public_hosts_only(folder: str) -> None:
    lock = json.loads((REPOSITORY / folder / "package-lock.json").read_text(encoding="utf-8"))
    resolved = {package.get("resolved", "https://registry.npmjs.org/") for package in lock["packages"].values()}

    assert {url for url in resolved if not url.startswith("https://registry.npmjs.org/")} == set()
