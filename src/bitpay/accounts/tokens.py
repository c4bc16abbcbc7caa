"""Short-lived access tokens (JWT, HS256) for sockets and API clients."""

import hashlib
import secrets
import time

import jwt

from bitpay.http.identity import User
from bitpay.kit.errors import Unauthenticated

LIFETIME = 300
"""Seconds."""

_AUDIENCE = "bitpay"
_SERVERS = "bitpay-servers"
_ALGORITHM = "HS256"


class AccessTokens:
    """Issues and reads tokens that prove an address for five minutes. `issuer` is this instance's public URL."""

    def __init__(self, secret: str, issuer: str) -> None:
        self._key = _key("people", secret)
        self._issuer = issuer

    def issue(self, user: User) -> str:
        """Return a token for the user; it names the session, so that logging out closes its sockets."""
        now = int(time.time())
        claims = {
            "iss": self._issuer,
            "aud": _AUDIENCE,
            "sub": user.address,
            "sid": user.session,
            "iat": now,
            "exp": now + LIFETIME,
            "jti": secrets.token_hex(8),
        }
        return jwt.encode(claims, self._key, _ALGORITHM)

    def read(self, token: str) -> User:
        """Return the user that the token proves. Raises Unauthenticated where it does not hold."""
        required = ["iss", "aud", "sub", "sid", "exp"]
        try:
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[_ALGORITHM],
                audience=_AUDIENCE,
                issuer=self._issuer,
                options={"require": required},
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("This access token does not hold; get a new one.") from error
        return User(str(claims["sub"]), str(claims["sid"]), "token")


class ServerTokens:
    """Proves to another server of ours that a request comes from one of us: who knows the secret signs a token."""

    def __init__(self, secret: str) -> None:
        self._key = _key("servers", secret)

    def issue(self) -> str:
        """Return the Authorization header of one request, valid for five minutes."""
        claims = {"aud": _SERVERS, "exp": int(time.time()) + LIFETIME}
        return f"Bearer {jwt.encode(claims, self._key, _ALGORITHM)}"

    def check(self, authorization: str) -> None:
        """Raise Unauthenticated unless the Authorization header proves one of our servers."""
        scheme, _, token = authorization.partition(" ")
        try:
            jwt.decode(
                token, self._key, algorithms=[_ALGORITHM], audience=_SERVERS, options={"require": ["aud", "exp"]}
            )
        except jwt.InvalidTokenError as error:
            raise Unauthenticated("Only our own servers may do this.") from error
        if scheme.lower() != "bearer":
            raise Unauthenticated("Only our own servers may do this.")


def _key(purpose: str, secret: str) -> bytes:
    """Return 32 bytes for one purpose, so that a token for one is worth nothing to the other."""
    return hashlib.sha256(f"{purpose}:{secret}".encode()).digest()
