"""Who is asking. Higher floors say how a user is recognised and which roles the chain gives."""

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from fastapi import Depends
from starlette.requests import HTTPConnection

from bitpay.http.rates import RateLimits
from bitpay.http.services import Services
from bitpay.kit.errors import Unauthenticated


@dataclass(frozen=True, slots=True)
class User:
    """A proven Stacks address. `session` names the session that proves it, whose revocation ends the proof."""

    address: str
    session: str
    proof: Literal["cookie", "token"]


class Authenticator(Protocol):
    """Recognises the user of a request or of a socket's handshake."""

    async def authenticate(self, connection: HTTPConnection) -> User | None:
        """Return the proven user, None where no proof is given; raise Unauthenticated or Forbidden for a bad one."""


class RoleSource(Protocol):
    """Says which roles an address holds on the chain."""

    async def roles(self, address: str) -> frozenset[str]:
        """Return names like "admin" and "operator"."""


async def maybe_user(connection: HTTPConnection) -> User | None:
    """Return the user of this request, or None; counts against the user's rate limit."""
    services: Services = connection.app.state.services
    user = await services.get(Authenticator).authenticate(connection)  # type: ignore[type-abstract]
    if user is not None:
        await services.get(RateLimits).spend("user", user.address)
    return user


async def signed_in(user: Annotated[User | None, Depends(maybe_user)]) -> User:
    """Return the user of this request. Raises Unauthenticated where there is none."""
    if user is None:
        raise Unauthenticated("Sign in first.")
    return user


SignedIn = Annotated[User, Depends(signed_in)]
