"""The one map from our errors to HTTP."""

import json
import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from trunkline.core.errors import Rejected, TrunklineFault, Unavailable
from trunkline.core.permission import NotAllowed
from trunkline.floor.agent import NotYours
from trunkline.floor.centre_board import BadDraft
from trunkline.floor.state import NoSuch
from trunkline.web.log_in import NotLoggedIn, TooManyTries, WrongPassword

log = logging.getLogger(__name__)

_COME_AGAIN_S = 1


class StandingBy(Unavailable):
    """Another process serves the centre."""

    def __init__(self) -> None:
        super().__init__("this process stands by: another one serves; try again in a moment")


_STATUS: tuple[tuple[type[TrunklineFault], int], ...] = (
    (NotLoggedIn, 401),
    (WrongPassword, 401),
    (TooManyTries, 429),
    (NotYours, 403),
    (NotAllowed, 403),
    (NoSuch, 404),
    (BadDraft, 400),
    (Rejected, 409),
    (Unavailable, 503),
)


def error_json(fault: TrunklineFault) -> dict[str, str]:
    """Return an error as the desk understands it: a code in snake case, and a sentence."""
    name = type(fault).__name__
    code = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
    return {"code": code, "message": str(fault)}


def _when_again(fault: TrunklineFault) -> dict[str, str]:
    match fault:
        case TooManyTries():
            return {"Retry-After": str(fault.retry_after_s)}
        case StandingBy():
            return {"Retry-After": str(_COME_AGAIN_S)}
    return {}


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer every fault of ours with its status and its words."""
    try:
        return await handler(request)
    except TrunklineFault as fault:
        status = next((status for kind, status in _STATUS if isinstance(fault, kind)), 500)
        return web.json_response({"error": error_json(fault)}, status=status, headers=_when_again(fault))
    except (json.JSONDecodeError, UnicodeDecodeError, LookupError, RecursionError):
        answer = {"code": "not_json", "message": "the request's body is not JSON"}
        return web.json_response({"error": answer}, status=400)
    except (web.HTTPException, ConnectionError):
        raise
    except Exception:
        log.exception("a request failed", extra={"path": request.path[:100]})
        answer = {"code": "broken", "message": "that did not work; the log of the service says why"}
        return web.json_response({"error": answer}, status=500)
