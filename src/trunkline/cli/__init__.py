"""The `trunkline` command: what an admin types."""

import importlib
import importlib.util

import click

# Each is imported when it is asked for only: `trunkline --help` is not to wait for asyncpg and aiohttp.
_COMMANDS = {
    "run": ("trunkline.cli.run", "Start everything: PostgreSQL, Asterisk and the service; Ctrl-C stops it."),
    "serve": ("trunkline.cli.serve", "Run the service alone, beside a PostgreSQL and an Asterisk that run."),
    "switch": ("trunkline.cli.switch_alone", "Run Asterisk alone, for a machine or a container of its own."),
    "doctor": ("trunkline.cli.doctor", "Look this machine over and print the cure for each finding."),
    "settings": ("trunkline.cli.settings", "Print every option: its value, where it came from, what it does."),
    "config": ("trunkline.cli.config", "See what a centre file would change, apply it, and who changed what."),
    "agent": ("trunkline.cli.agent", "Set an agent's password, or print the account of their SIP phone."),
    "call": ("trunkline.cli.call", "Place a test call and tell step by step what the caller heard."),
    "demo": ("trunkline.cli.demo", "Bring simulated callers and agents, so that the screens live."),
    "contact": (
        "trunkline.cli.contact",
        "What an address agreed to, and whether it is written to: look, stop, allow, record a consent.",
    ),
    "outbox": (
        "trunkline.cli.outbox",
        "Messages that wait for their provider, or did not come there; send them again.",
    ),
    "report": ("trunkline.cli.report", "Figures of what was: how far the expected waits were off."),
    "simulate": ("trunkline.cli.simulate", "Play a day with planned staff, and tell how long people would wait."),
    "routing": ("trunkline.cli.routing", "Explain who was offered what and why, and replay a day under other rules."),
    "flow": ("trunkline.cli.flow", "Check, test, explore, draw and try the flow files."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, (module, _) in _COMMANDS.items() if importlib.util.find_spec(module)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(_COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(package_name="trunkline")
def main() -> None:
    """Trunkline: a telephony-first contact centre."""
