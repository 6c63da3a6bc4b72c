"""`trunkline call`: place a test call through the real switch and tell what the caller heard and did."""

import asyncio
import json
from pathlib import Path

import click

from trunkline.cli.options import refuse
from trunkline.cli.signals import until_asked
from trunkline.cli.whereabouts import settled_nearby
from trunkline.simulate import script, sound
from trunkline.simulate.caller import Caller
from trunkline.simulate.script import Press, Script, Step, Wait
from trunkline.simulate.sound import Sound


class _Duration(click.ParamType[float]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return value if isinstance(value, float) else script.seconds(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


class _Plan(click.ParamType[tuple[Press | Wait, ...]]):
    name = "keys"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[Press | Wait, ...]:
        try:
            return value if isinstance(value, tuple) else script.plan(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


class _Say(click.ParamType[Sound]):
    name = "tone|silence|HZ|FILE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Sound:
        text = str(value)
        if text in {"tone", "silence"} or text.isdecimal():
            return sound.silence() if text == "silence" else sound.tone(440 if text == "tone" else int(text))
        try:
            return Sound(sound.read_wav(Path(text)), loops=False)
        except (OSError, EOFError, ValueError, sound.NoWav) as fault:
            self.fail(f"{text} cannot be said: {fault}", param, ctx)


class _Server(click.ParamType[tuple[str, int]]):
    name = "host:port"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        host, _, port = str(value).partition(":")
        if not host or (port and not port.isdecimal()):
            self.fail(f"{value} is no host:port", param, ctx)
        return host, int(port or 5060)


@click.command("call")
@click.argument("number")
@click.option("--press", type=_Plan(), default=(), help="Keys to press when the prompt has ended: `2`, `1,wait 3s,2#`.")
@click.option("--from", "from_", default="+447700900123", show_default=True, help="The caller's number.")
@click.option("--name", default="", help="The caller's display name.")
@click.option(
    "--say", type=_Say(), default="tone", show_default=True, help="A tone of 440 or HZ, silence, or a WAV file."
)
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write what was heard to a WAV file.")
@click.option("--wait", type=_Duration(), default="30s", show_default=True, help="Longest to wait for the answer.")
@click.option("--hang-up-after", type=_Duration(), default="60s", show_default=True, help="Counted from the answer.")
@click.option("--server", type=_Server(), help="The switch; the settings' sip_host and sip_port when not given.")
@click.option("--data-dir", help="Data directory of the centre to call, for its settings.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(
    *,
    number: str,
    press: tuple[Press | Wait, ...],
    from_: str,
    name: str,
    say: Sound,
    record: Path | None,
    wait: float,
    hang_up_after: float,
    server: tuple[str, int] | None,
    data_dir: str | None,
    as_json: bool,
) -> None:
    """Place a test call to NUMBER and tell step by step what the caller heard and did.

    Ends with 0 when the call was answered, 1 when it was not.
    """
    if server is None:
        settings = settled_nearby({"data_dir": data_dir})
        server = (settings.sip_host, settings.sip_port)

    answered = False

    async def place() -> None:
        nonlocal answered
        caller = await Caller.dial(number, server=server, from_=from_, name=name, say=say)
        directed = Script(caller, press, patience=wait, stay=hang_up_after)
        last = Step(0.0, "dialled", f"dialled {number} from {from_} at {server[0]}:{server[1]}")
        _show(last, as_json=as_json)
        async with caller:
            try:
                async for step in directed.tell():
                    _show(step, as_json=as_json)
                    last = step
            finally:  # Ctrl-C is how one leaves a queue, `timeout` how a script does
                answered = caller.answered_at is not None
                if record is not None:
                    caller.record(record)
                    _show(Step(last.at, "recorded", f"what was heard is in {record}"), as_json=as_json)

    try:
        asyncio.run(until_asked(place()))
    except OSError as fault:
        refuse(f"the call cannot be placed: {fault}")
    except asyncio.CancelledError:
        pass
    raise SystemExit(0 if answered else 1)


def _show(step: Step, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"at": round(step.at, 3), "event": step.what, "text": step.sentence, **step.facts}))
    else:
        click.echo(f"{step.at:7.2f} s  {step.sentence}")
