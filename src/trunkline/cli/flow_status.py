"""`trunkline flow status`: ask the running service which version of which flow serves, and what is wrong."""

import json
import ssl
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import click

from trunkline.cli.options import refuse, settled, with_settings
from trunkline.settings import Settings

PATIENCE_S = 5.0


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="Print the service's own words.")
@with_settings
def status(as_json: bool, **flags: Any) -> None:
    """Ask the running service which version of which flow serves, and what is wrong.

    Exit code 0: all that is on disk serves; 1: something is wrong; 2: nobody answered.
    """
    settings = settled(flags)
    health = _health(settings)
    flows = health.get("flows") or {}
    part = (health.get("parts") or {}).get("flows") or {}
    problems = [str(each) for each in flows.get("problems", ())]
    if as_json:
        click.echo(json.dumps({"part": part, **flows}, indent=2))
    else:
        for flow in flows.get("serving", ()):
            click.echo(f"{flow['name']} {flow['version']}  {flow.get('title', '')}".rstrip())
        if not flows:
            click.echo(part.get("detail") or "the service tells nothing about its flows")
        for problem in problems:
            click.echo(problem)
    raise SystemExit(0 if part.get("ready") and not problems else 1)


def _health(settings: Settings) -> dict[str, Any]:
    """Ask /healthz on this machine; ends the command with exit code 2 when nobody answers."""
    host = settings.http_host if settings.http_host not in {"0.0.0.0", "::"} else "127.0.0.1"  # noqa: S104
    scheme = "https" if settings.tls_cert else "http"
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.http_port}/healthz"
    context = _own_certificate(settings.tls_cert) if settings.tls_cert else None
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S, context=context) as answer:  # noqa: S310 - ours
            return _read(answer.read())
    except urllib.error.HTTPError as refusal:
        # 503 while a part is not ready: the body says which.
        with refusal:
            return _read(refusal.read())
    except (OSError, ValueError) as fault:
        refuse(f"nobody answers at {url}: {fault}; is `trunkline run` running?")


def _read(body: bytes) -> dict[str, Any]:
    """Read the service's words; raises ValueError for any other's."""
    words = json.loads(body)
    if not isinstance(words, dict):
        raise ValueError("that is not Trunkline")  # noqa: TRY004 - one kind of fault for the caller
    return words


def _own_certificate(file: Path) -> ssl.SSLContext:
    """Trust the certificate that the settings name, under whatever name it was made."""
    context = ssl.create_default_context(cafile=str(file))
    context.check_hostname = False
    return context
