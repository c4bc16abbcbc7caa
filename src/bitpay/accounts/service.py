"""Signing in and out: a wallet's signature over a one-time message proves an address."""

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import HTTPConnection

from bitpay.accounts.challenges import new_challenge, nonce_of
from bitpay.accounts.models import new_session, session_id
from bitpay.accounts.repository import AccountRepository
from bitpay.accounts.tokens import AccessTokens
from bitpay.http.csrf import CsrfTokens
from bitpay.http.identity import User
from bitpay.kit.errors import InvalidInput, Unauthenticated
from bitpay.stacks.addresses import decode
from bitpay.stacks.errors import AddressInvalid, StacksError
from bitpay.stacks.messages import hash_message, recover_address
from bitpay.stacks.network import Network

_BEARER = "bearer "


class AccountService:
    """Who somebody is. `public_url` is what sign-in messages are bound to, `cookie` the session cookie's name."""

    def __init__(
        self,
        repository: AccountRepository,
        tokens: AccessTokens,
        csrf: CsrfTokens,
        *,
        network: Network,
        public_url: str,
    ) -> None:
        self._repository = repository
        self._tokens = tokens
        self._csrf = csrf
        self._network = network
        self._public_url = public_url
        self._revocation_listeners: list[Callable[[str], None]] = []
        self.secure = public_url.startswith("https://")
        self.cookie = "__Host-bitpay" if self.secure else "bitpay_session"

    def on_revoked(self, listener: Callable[[str], None]) -> None:
        """Call `listener` with the id of every session that is revoked here."""
        self._revocation_listeners.append(listener)

    async def challenge(self, address: str) -> str:
        """Return the message that the wallet of `address` must sign within five minutes."""
        self._require_signer(address)
        now = datetime.now(UTC)
        challenge = new_challenge(address, self._public_url, self._network.chain_id, now)
        await self._repository.add_challenge(challenge)
        return challenge.message()

    async def verify(self, address: str, message: str, signature: str) -> str:
        """Open a session for who signed the message and return its token. Raises Unauthenticated otherwise."""
        self._require_signer(address)
        begun = await self._repository.take_challenge(nonce_of(message))
        now = datetime.now(UTC)
        if begun is None or begun["expiresAt"] <= now:
            raise Unauthenticated("This sign-in message was used before or is too old; begin again.")
        if begun["message"] != message or begun["address"] != address:
            raise Unauthenticated("This is not the message that was to be signed; begin again.")
        if address not in _signers(message, signature, self._network):
            raise Unauthenticated("The signature is not by this address.")
        token, session = new_session(address, now)
        await self._repository.ensure_user(address, now)
        await self._repository.add_session(session)
        return token

    async def revoke(self, user: User) -> None:
        """End the session that proves this user, and its sockets."""
        await self._repository.delete_session(user.session)
        for listener in self._revocation_listeners:
            listener(user.session)

    def access_token(self, user: User) -> str:
        """Return a token that proves the user for five minutes.

        Raises Unauthenticated without the session itself: a token that could renew itself would outlive its session.
        """
        if user.proof != "cookie":
            raise Unauthenticated("A new access token takes the session's cookie, not another token.")
        return self._tokens.issue(user)

    def csrf_token(self, session_token: str) -> str:
        """Return what pages of this session must repeat in X-CSRF-Token."""
        return self._csrf.of(session_token)

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        """Recognise who asks: a bearer token first, else the session cookie with its CSRF token."""
        given = connection.headers.get("authorization", "")
        if given.lower().startswith(_BEARER):
            return self._tokens.read(given[len(_BEARER) :].strip())
        token = connection.cookies.get(self.cookie)
        user = await self.session_user(token) if token else None
        if user is not None and token is not None:
            self._csrf.check(connection, token)
        return user

    async def session_user(self, session_token: str) -> User | None:
        """Return the user whose session has this token, None where it is unknown, revoked or expired."""
        session = await self._repository.session(session_id(session_token), datetime.now(UTC))
        return None if session is None else User(session.address, session.id, "cookie")

    def token_user(self, access_token: str) -> User:
        """Return the user whom an access token proves. Raises Unauthenticated."""
        return self._tokens.read(access_token)

    def _require_signer(self, address: str) -> None:
        try:
            version, _ = decode(address)
        except AddressInvalid as error:
            raise InvalidInput("This is not a Stacks address.") from error
        if version != self._network.single_sig:
            raise InvalidInput("Only an address with a single key, on this network, can sign in.")


def _signers(message: str, signature: str, network: Network) -> set[str]:
    """Return who may have signed: wallets send R, S, V; a few put V first."""
    digest = hash_message(message)
    found = set()
    plain = signature.removeprefix("0x")
    for candidate in (plain, plain[2:] + plain[:2]):
        try:
            found.add(recover_address(digest, candidate, network))
        except (StacksError, ValueError):
            continue
    return found
