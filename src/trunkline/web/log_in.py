"""Log-in: passwords checked at a limited rate, sessions in our own table, one same-origin cookie."""

from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Set
from datetime import datetime, timedelta
from typing import Any

from aiohttp import web

from trunkline.core.errors import Rejected
from trunkline.core.ids import AgentId
from trunkline.core.permission import Deed, demand
from trunkline.floor.agent import Desk
from trunkline.floor.state import Floor
from trunkline.ports.store import Logins

COOKIE = "trunkline_session"
SESSION_LASTS = timedelta(hours=14)
"""A long shift; the desk asks for the password once a day."""
TRIES = 5
"""Wrong passwords for one name from one address."""
TRIES_SPREAD = 30
"""Wrong passwords from one address for whatever names, or for one name from whatever addresses: an office behind one
address begins its shift at the same minute, and nobody may lock an agent out from elsewhere."""
TRIES_WITHIN = timedelta(minutes=1)
_REMEMBERED = 10_000
_LONGEST = 200


class NotLoggedIn(Rejected):
    """There is no session, or it is over."""

    def __init__(self) -> None:
        super().__init__("log in first")


class WrongPassword(Rejected):
    """Name and password do not belong together."""

    def __init__(self) -> None:
        super().__init__("that name and password do not belong together")


class TooManyTries(Rejected):
    """Too many wrong passwords in a short time."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many tries; wait {retry_after_s} seconds")
        self.retry_after_s = retry_after_s


class TryLimit:
    """Counts wrong passwords by key (an address, a name) over a sliding window."""

    def __init__(self, tries: int = TRIES, within: timedelta = TRIES_WITHIN) -> None:
        self._tries = tries
        self._within = within
        self._wrong: OrderedDict[str, deque[datetime]] = OrderedDict()

    def check(self, key: str, *, at: datetime) -> None:
        """Raise TooManyTries when this key has used up its tries."""
        wrong = self._wrong.get(key)
        if wrong is None:
            return
        while wrong and at - wrong[0] >= self._within:
            wrong.popleft()
        if len(wrong) >= self._tries:
            raise TooManyTries(int((wrong[0] + self._within - at).total_seconds()) + 1)

    def count(self, key: str, *, at: datetime) -> None:
        """Count one wrong password."""
        self._wrong.setdefault(key, deque()).append(at)
        self._wrong.move_to_end(key)
        while len(self._wrong) > _REMEMBERED:
            self._wrong.popitem(last=False)

    def forget(self, key: str) -> None:
        """The right password was given."""
        self._wrong.pop(key, None)

    def take_back(self, key: str) -> None:
        """The latest try was a right one; the wrong ones before it still count."""
        if wrong := self._wrong.get(key):
            wrong.pop()


class LogIn:
    """The three doors of a session, and who a request is from."""

    def __init__(self, floor: Floor, desk: Desk, logins: Logins, *, secure: bool) -> None:
        self._floor = floor
        self._desk = desk
        self._logins = logins
        self._secure = secure
        self._limit = TryLimit()
        self._spread = TryLimit(TRIES_SPREAD)
        self._at_home: OrderedDict[str, None] = OrderedDict()
        self.session_closed: Callable[[str], None] = lambda _token: None
        """Told of each session that its agent has ended."""

    def routes(self) -> list[web.RouteDef]:
        """Return the doors."""
        return [
            web.post("/api/login", self.log_in),
            web.post("/api/logout", self.log_out),
            web.get("/api/me", self.me),
        ]

    async def log_in(self, request: web.Request) -> web.Response:
        """POST {login, password}: a session, as a cookie that scripts cannot read."""
        body = await request.json()
        login, password = _text(body, "login").strip().lower(), _text(body, "password")
        agent = AgentId(login)
        await self._check(agent, password, from_=str(request.remote))
        at = self._floor.clock.now()
        token = await self._logins.open_session(agent, lasts=SESSION_LASTS, at=at)
        await self._desk.log_in(agent)
        answer = web.json_response({"agent": self._agent(agent)})
        answer.set_cookie(
            COOKIE, token, max_age=int(SESSION_LASTS.total_seconds()), httponly=True, samesite="Strict",
            secure=self._secure, path="/",
        )  # fmt: skip
        return answer

    async def _check(self, agent: AgentId, password: str, *, from_: str) -> None:
        """Raise WrongPassword or TooManyTries; each try counts before it is checked, so that many at once are many."""
        at = self._floor.clock.now()
        here = f"{agent} from {from_}"
        # Whoever has logged in from here before is not kept out by what others try elsewhere.
        spread = [f"from {from_}"] if here in self._at_home else [f"from {from_}", f"as {agent}"]
        self._limit.check(here, at=at)
        for key in spread:
            self._spread.check(key, at=at)
        self._limit.count(here, at=at)
        for key in spread:
            self._spread.count(key, at=at)
        if not await self._logins.check_password(agent, password) or agent not in self._floor.agents:
            raise WrongPassword
        self._limit.forget(here)
        for key in spread:
            self._spread.take_back(key)
        self._at_home[here] = None
        self._at_home.move_to_end(here)
        while len(self._at_home) > _REMEMBERED:
            self._at_home.popitem(last=False)

    async def log_out(self, request: web.Request) -> web.Response:
        """POST: the session and the shift are over."""
        agent = await self.agent_of(request)
        await self._desk.log_out(agent)
        token = request.cookies.get(COOKIE, "")
        await self._logins.close_session(token)
        self.session_closed(token)
        answer = web.Response(status=204)
        answer.del_cookie(COOKIE, path="/")
        return answer

    async def me(self, request: web.Request) -> web.Response:
        """GET: who this session is of."""
        return web.json_response({"agent": self._agent(await self.agent_of(request))})

    async def agent_of(self, request: web.Request) -> AgentId:
        """Return whose session a request carries; raises NotLoggedIn."""
        token = request.cookies.get(COOKIE)
        session = await self._logins.session(token, at=self._floor.clock.now()) if token else None
        if session is None or session.agent not in self._floor.agents:
            raise NotLoggedIn
        return session.agent

    async def closed_among(self, tokens: Collection[str]) -> Set[str]:
        """Return those of these sessions that are over; raises Unavailable."""
        return await self._logins.closed_among(tokens, at=self._floor.clock.now())

    async def allowed(self, request: web.Request, deed: Deed) -> AgentId:
        """Return whose session a request carries; raises NotLoggedIn, or NotAllowed when it may not do this."""
        agent = self._floor.agent(await self.agent_of(request))
        demand(agent, deed)
        return agent.id

    def _agent(self, id_: AgentId) -> dict[str, str]:
        agent = self._floor.agent(id_)
        return {"id": agent.id, "name": agent.name, "role": agent.role}


def _text(body: Any, name: str) -> str:
    value = body.get(name) if isinstance(body, dict) else None
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise WrongPassword
    return value
