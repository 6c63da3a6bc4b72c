"""The agents' accounts as our secrets make them: of SIP, for Asterisk and the browser phone, and the demo's log-ins."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trunkline import secrets
from trunkline.core.agent import Agent, PhoneKind
from trunkline.core.callback import VISITOR_PHONE
from trunkline.core.centre import Centre
from trunkline.core.ids import AgentId, InteractionId
from trunkline.core.interaction import BrowserPhone
from trunkline.core.relay import ice_servers
from trunkline.core.sip_account import REALM, sip_ha1, sip_password
from trunkline.ports.clock import Clock
from trunkline.ports.store import AgentRecord, Logins, SipCredentials
from trunkline.settings import Settings


def agent_records(settings: Settings, centre: Centre) -> Sequence[AgentRecord]:
    """Return the agents of a centre file with the digests of their accounts."""
    secret = secrets.agent_secret(settings)
    return [
        AgentRecord(id_, agent.name, agent.role.value, frozenset(agent.queues), _credentials(secret, id_))
        for id_, agent in centre.agents.items()
    ]


def sip_account(settings: Settings, agent: Agent) -> Mapping[str, Any]:
    """Return where an agent's phone registers; the digest of the password is for the browser's phone only."""
    endpoint = agent.endpoint
    account = _where(settings, endpoint)
    if agent.phone is PhoneKind.BROWSER:
        account["ha1"] = sip_ha1(endpoint, sip_password(secrets.agent_secret(settings), endpoint))
    return account


def browser_phone(settings: Settings, call: InteractionId) -> BrowserPhone:
    """Return the account of a visitor's browser for one call: it is worth nothing once that is over."""
    endpoint = VISITOR_PHONE + call.replace("-", "")
    return BrowserPhone(endpoint, sip_ha1(endpoint, sip_password(secrets.agent_secret(settings), endpoint)))


def browser_account(settings: Settings, clock: Clock, phone: BrowserPhone) -> Mapping[str, Any]:
    """Return where a visitor's browser registers, and with what, and by which relay it may be heard."""
    return {**_where(settings, phone.endpoint), "ha1": phone.ha1, "relays": relays(settings, clock, phone.endpoint)}


def relays(settings: Settings, clock: Clock, user: str) -> Sequence[Mapping[str, Any]]:
    """Return the relays as a browser is given them; none where there is none."""
    urls, secret = settings.relay_urls.urls, settings.relay_secret
    return ice_servers(urls, secret, user, at=clock.now()) if urls and secret else []


def _where(settings: Settings, endpoint: str) -> dict[str, Any]:
    return {
        "uri": f"sip:{endpoint}@{settings.external_address or settings.sip_host}",
        "user": endpoint,
        "realm": REALM,
        "host": settings.sip_host,
        "port": settings.sip_port,
        "ws_port": settings.sip_ws_port,
        "secure": settings.tls_cert is not None,
    }


class DemoPasswords:
    """The one password of all demo agents; nothing where there is no demo."""

    def __init__(self, settings: Settings, logins: Logins) -> None:
        self._password = secrets.demo_password(settings) if settings.demo else None
        self._logins = logins
        self._have_it: set[AgentId] = set()

    async def look(self, agents: Iterable[AgentId]) -> None:
        """Find out who has it already: checking takes its time, and a takeover has none."""
        for id_ in agents if self._password is not None else ():
            if await self._logins.has_password(id_) and await self._has(id_):
                self._have_it.add(id_)

    async def give(self, agents: Iterable[AgentId]) -> None:
        """Give it to those who do not have it."""
        for id_ in agents:
            if self._password is not None and id_ not in self._have_it and not await self._has(id_):
                await self._logins.set_password(id_, self._password)

    async def _has(self, agent: AgentId) -> bool:
        return self._password is not None and await self._logins.check_password(agent, self._password)


def _credentials(secret: bytes, agent: str) -> SipCredentials:
    desk, browser = agent, f"{agent}-web"
    return SipCredentials(sip_ha1(desk, sip_password(secret, desk)), sip_ha1(browser, sip_password(secret, browser)))
