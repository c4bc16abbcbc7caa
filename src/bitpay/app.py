"""Composition: one process that serves API, pages and sockets and follows the chain."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.responses import RedirectResponse

from bitpay.access import api as access_api
from bitpay.access.clock import ChainClock, Change
from bitpay.access.policy import AccessPolicy
from bitpay.access.service import ChainFacts
from bitpay.accounts import api as accounts_api
from bitpay.accounts.balances import BalanceReader
from bitpay.accounts.repository import AccountRepository
from bitpay.accounts.service import AccountService
from bitpay.accounts.sockets import SocketProofs
from bitpay.accounts.tokens import AccessTokens, ServerTokens
from bitpay.chainhook.api import MAX_BODY_BYTES, webhook_router
from bitpay.chainhook.registration import HookKeeper
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.demo.accounts import DemoAccounts
from bitpay.demo.api import demo_router
from bitpay.demo.control import ChainControl
from bitpay.demo.guard import DevGuard
from bitpay.demo.service import DemoService
from bitpay.foundation import Foundation, hooks_client
from bitpay.http.application import new_application
from bitpay.http.assets import Assets
from bitpay.http.csrf import CsrfTokens
from bitpay.http.error_pages import ErrorPages
from bitpay.http.health import health_router
from bitpay.http.idempotency import IdempotencyKeys
from bitpay.http.identity import Authenticator, RoleSource
from bitpay.http.rates import RateLimits, RateRule
from bitpay.http.services import Services
from bitpay.http.templates import KnownAccount, Templates
from bitpay.kit.errors import Unavailable
from bitpay.kit.settings import Settings
from bitpay.kit.tasks import running
from bitpay.observer import Observer, observer_application
from bitpay.realtime.api import broadcast_router
from bitpay.realtime.relay import Relay
from bitpay.realtime.server import PATH as SOCKETS
from bitpay.realtime.server import RealtimeServer
from bitpay.stacks.network import Network
from bitpay.streams import api as streams_api
from bitpay.streams import pages as streams_pages
from bitpay.streams.frames import ChainFrames
from bitpay.streams.history import StreamHistory
from bitpay.streams.repository import StreamRepository
from bitpay.streams.service import StreamService
from bitpay.transactions import api as transactions_api
from bitpay.transactions.follower import TransactionFollower
from bitpay.transactions.repository import TransactionRepository
from bitpay.transactions.service import TransactionService

RATE_RULES = (
    RateRule("/api/webhooks/", None),
    RateRule("/static/", None),
    RateRule("/healthz", None),
    RateRule("/readyz", None),
    RateRule("/api/v1/auth/", "auth"),
    RateRule("/api/v1/transactions", "relay"),
)
BODY_LIMITS = {"/api/webhooks/": MAX_BODY_BYTES, "/api/v1/transactions": 256 << 10, "/socket.io": 64 << 10}

_LOG = structlog.get_logger(__name__)
_CLOSE_SECONDS = 5.0
_MAX_LAG = 10
"""Blocks that the ledger may lie behind the chain while it counts as ready."""
_MAX_SILENCE = 300.0
"""Seconds for which a process that follows may not have heard of the chain while it counts as ready."""


class House(Foundation):
    """All parts of one process, each made once and given what it needs."""

    settings: Settings

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.clock = ChainClock(self.database)
        self.policy = AccessPolicy(self.stacks, self.contracts)
        self.secrets = WebhookSecrets(secret.get_secret_value() for secret in settings.chainhook_secrets)
        self.accounts = self._accounts()
        self.realtime = RealtimeServer(self.rooms, SocketProofs(self.accounts))
        self.relay = Relay(self.rooms, self.realtime.members)
        self.closers: list[Callable[[], Awaitable[None]]] = [self.realtime.stop]
        self.observer = self._observer()
        self.transactions = TransactionRepository(self.database)
        self.follower = TransactionFollower(self.transactions, self.stacks, self.ledger.book)
        self.accounts.on_revoked(self.realtime.connections.close_session)
        self.clock.on_change(self._on_change)

    def services(self) -> Services:
        """Return what routes can ask for."""
        settings, services = self.settings, Services()
        redis = settings.redis_url.get_secret_value() if settings.redis_url else None
        services.add(RateLimits, RateLimits(redis))
        services.add(IdempotencyKeys, IdempotencyKeys(self.database))
        services.add(AccountService, self.accounts)
        services.add(Authenticator, self.accounts)  # type: ignore[type-abstract]  # a protocol is its own key
        services.add(RoleSource, self.policy)  # type: ignore[type-abstract]  # a protocol is its own key
        services.add(AccessPolicy, self.policy)
        services.add(BalanceReader, BalanceReader(self.stacks, self.contracts))
        services.add(ChainFacts, ChainFacts(self.clock, self.policy, self.contracts, settings.network))
        services.add(StreamService, self._streams())
        services.add(StreamHistory, StreamHistory(self.database))
        services.add(TransactionService, self._transactions())
        return services

    def tasks(self) -> dict[str, Callable[[], Awaitable[None]]]:
        """Return what runs as long as the process does."""
        return {
            "ledger": self.ledger.run,
            "arrivals": self._hear_arrivals,
            "clock": self.clock.run,
            "relay": self.relay.run,
            "transactions": self.follower.run,
            **({"hook": self._keep_hook} if self.settings.chainhooks_url else {}),
            **({"observer": self.observer.run} if self.observer else {}),
            **({"audit": self._audit} if self.settings.audit_seconds else {}),
        }

    def checks(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Return what must work before this process takes requests."""
        return {"database": lambda: self.database.command("ping"), "ledger": self._check_ledger}

    async def open(self) -> None:
        """Make ready what must be there before the first request. Raises where it cannot be."""
        if self.observer is not None:
            self.observer.bind()
        await super().open()

    async def close(self) -> None:
        """End every connection."""
        for close in [*self.closers, super().close]:
            await close()

    def _observer(self) -> Observer | None:
        settings = self.settings
        if settings.observer_port is None:
            return None
        app = observer_application(self.deliveries, self.ledger.alerts, self.ledger.wake)
        observer = Observer(app, settings.observer_host, settings.observer_port)
        self.closers.append(observer.close)
        return observer

    def _accounts(self) -> AccountService:
        settings, secret = self.settings, self.settings.token_secret.get_secret_value()
        return AccountService(
            AccountRepository(self.database),
            AccessTokens(secret, settings.public_url),
            CsrfTokens(secret),
            network=self.network,
            public_url=settings.public_url,
        )

    def _streams(self) -> StreamService:
        repository = StreamRepository(self.database)
        return StreamService(repository, self.clock, self.policy, self.contracts, self.settings.network)

    def _transactions(self) -> TransactionService:
        return TransactionService(self.transactions, self.stacks, self.contracts, self.network, self.follower.wake)

    def _on_change(self, change: Change) -> None:
        self.realtime.announce(change.announcement())
        self.follower.on_block()

    async def _keep_hook(self) -> None:
        settings = self.settings
        async with hooks_client(settings) as client:
            network = "mainnet" if self.network is Network.MAINNET else "testnet"
            url = f"{settings.public_url}/api/webhooks/chainhook/streams"
            accept, alerts = self.secrets.accept, self.ledger.alerts
            await HookKeeper(client, self.contracts, network=network, url=url, accept=accept, alerts=alerts).run()

    async def _audit(self) -> None:
        await self.auditor.run(self.settings.audit_seconds, when=lambda: self.ledger.leading)

    async def _hear_arrivals(self) -> None:
        async for _ in self.deliveries.arrivals():
            self.ledger.wake()

    async def _check_ledger(self) -> None:
        now = await self.clock.now()
        tip, silence = self.ledger.tip, self.ledger.silence
        if silence is not None and silence > _MAX_SILENCE:
            raise Unavailable(f"The chain has not told where it stands for {silence:.0f} seconds.")
        if tip is not None and tip.height - now.height > _MAX_LAG:
            raise Unavailable(f"The ledger is {tip.height - now.height} blocks behind.")


def create_app(settings: Settings) -> FastAPI:
    """Return the ASGI application that an instance with these settings serves."""
    house = House(settings)
    services = house.services()
    app = new_application(
        services,
        public_url=settings.public_url,
        lifespan=_lifespan(house),
        body_limits=BODY_LIMITS,
        rate_rules=RATE_RULES,
    )
    _add_api(app, house)
    demo = _add_demo(app, house)
    _add_pages(app, house, services, demo)
    app.mount(SOCKETS, house.realtime.app)
    return app


def _add_api(app: FastAPI, house: House) -> None:
    servers = ServerTokens(house.settings.token_secret.get_secret_value())
    for router in (access_api.router, accounts_api.router, streams_api.router, transactions_api.router):
        app.include_router(router)
    app.include_router(webhook_router(house.deliveries, house.secrets, house.ledger.wake))
    app.include_router(broadcast_router(house.mongo, house.rooms, servers.check))
    app.include_router(health_router(house.checks()))
    app.add_api_route("/docs", lambda: RedirectResponse("/api/v1/openapi.json"), include_in_schema=False)


def _add_demo(app: FastAPI, house: House) -> DemoAccounts | None:
    """Open the development powers where this start was given their token: on the local network only."""
    settings = house.settings
    if settings.network != "local" or settings.dev_token is None or settings.dev_accounts_file is None:
        return None
    token = settings.dev_token.get_secret_value()
    control_token = settings.control_token.get_secret_value() if settings.control_token else ""
    accounts = DemoAccounts(settings.dev_accounts_file)
    control = ChainControl(settings.control_url or settings.stacks_api_url, control_token)
    house.closers.append(control.close)
    app.include_router(demo_router(DemoService(accounts, control, house.clock), DevGuard(settings.public_url, token)))
    return accounts


def _add_pages(app: FastAPI, house: House, services: Services, demo: DemoAccounts | None) -> None:
    settings, assets = house.settings, Assets()
    known = [KnownAccount(account.name, account.address) for account in demo.people()] if demo else []
    token = settings.dev_token.get_secret_value() if demo and settings.dev_token else ""
    frames = ChainFrames(house.clock, settings.network, known, token)
    templates = Templates(frames, folders={"streams": streams_pages.TEMPLATES}, assets=assets)
    services.add(Templates, templates)
    app.include_router(streams_pages.router)
    app.mount("/static", assets.application())
    app.add_middleware(ErrorPages, templates=templates, network=settings.network)


def _lifespan(house: House) -> Callable[[FastAPI], Any]:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await house.open()
        try:
            async with running(house.tasks()):
                yield
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await house.close()

    return lifespan
