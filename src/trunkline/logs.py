"""The service's log: one JSON object a line, facts as fields; what names a person only in fields called `pii.*`."""

import logging
import logging.handlers
from pathlib import Path

import structlog

_KEPT_FILES = 5
_FILE_BYTES = 20_000_000


def log_to(file: Path, level: str) -> None:
    """Send every log of the process to a file that rotates, and warnings to standard error too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    to_file = logging.handlers.RotatingFileHandler(
        file, maxBytes=_FILE_BYTES, backupCount=_KEPT_FILES, encoding="utf-8"
    )
    to_file.setFormatter(_formatter(shared, structlog.processors.JSONRenderer()))
    to_screen = logging.StreamHandler()
    to_screen.setLevel(logging.WARNING)
    to_screen.setFormatter(_formatter(shared, structlog.dev.ConsoleRenderer(colors=False)))
    logging.basicConfig(level=level.upper(), handlers=[to_file, to_screen], force=True)
    for quiet in ("panoramisk", "asyncio", "aiohttp.access"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def _formatter(
    before: list[structlog.typing.Processor], renderer: structlog.typing.Processor
) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
