"""How sockets recognise people: by the same sessions and tokens as requests."""

from bitpay.accounts.service import AccountService
from bitpay.http.identity import User
from bitpay.realtime.connections import Proof


class SocketProofs:
    """The SocketAuthenticator of the realtime server."""

    def __init__(self, accounts: AccountService) -> None:
        self._accounts = accounts

    async def by_cookies(self, cookies: dict[str, str]) -> Proof | None:
        """Return what the session cookie proves, None where it proves nothing."""
        token = cookies.get(self._accounts.cookie)
        user = await self._accounts.session_user(token) if token else None
        return None if user is None else _proof(user)

    def by_token(self, token: str) -> Proof:
        """Return what an access token proves. Raises Unauthenticated."""
        return _proof(self._accounts.token_user(token))


def _proof(user: User) -> Proof:
    return Proof(user.address, user.session)
