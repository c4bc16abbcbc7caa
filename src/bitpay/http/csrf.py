"""The token that a page must repeat with every unsafe request that uses its session cookie."""

import hashlib
import hmac

from starlette.requests import HTTPConnection

from bitpay.http.origins import SAFE_METHODS
from bitpay.kit.errors import Forbidden

HEADER = "X-CSRF-Token"


class CsrfRefused(Forbidden):
    """An unsafe request used the session cookie without the session's token."""

    code = "csrf"


class CsrfTokens:
    """Derives a session's token from its cookie; nothing is stored. `secret` keeps it unguessable."""

    def __init__(self, secret: str) -> None:
        self._key = secret.encode()

    def of(self, session_token: str) -> str:
        """Return the token that belongs to this session cookie, 64 hex digits."""
        return hmac.new(self._key, f"csrf:{session_token}".encode(), hashlib.sha256).hexdigest()

    def check(self, connection: HTTPConnection, session_token: str) -> None:
        """Raise CsrfRefused when the method is unsafe and the header does not carry this session's token."""
        if connection.scope.get("method", "GET") in SAFE_METHODS:
            return
        given = connection.headers.get(HEADER, "")
        if not hmac.compare_digest(given.encode(), self.of(session_token).encode()):
            raise CsrfRefused(f"This needs the session's token in the header {HEADER}; reload the page.")
