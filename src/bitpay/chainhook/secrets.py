"""The webhook's secrets: several at a time while they rotate, compared in constant time, closed when in doubt."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping

from bitpay.kit.errors import Unauthenticated

CONSUMER_HEADER = "x-chainhook-consumer-secret"
_BEARER = "bearer "


class WebhookSecrets:
    """The secrets that are accepted: the present one, and during a rotation also the one before."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._digests = tuple(_digest(secret) for secret in secrets if secret)
        if not self._digests:
            raise ValueError("a webhook without a secret would believe anybody")
        self._learned: tuple[bytes, ...] = ()

    def accept(self, secret: str) -> None:
        """Accept the secret that the sender says it uses now, and for a while the one that it used before."""
        digest = _digest(secret)
        if secret and digest not in self._learned[:1]:
            self._learned = (digest, *self._learned[:1])

    def check(self, headers: Mapping[str, str]) -> None:
        """Accept a secret in either header (names in lower case). Raises Unauthenticated."""
        presented = [headers.get(CONSUMER_HEADER, ""), _bearer(headers.get("authorization", ""))]
        # Every comparison is made, so the time taken tells nothing.
        known = (*self._digests, *self._learned)
        matches = [hmac.compare_digest(_digest(text), digest) for text in presented for digest in known]
        if not any(matches):
            raise Unauthenticated("This delivery does not carry the webhook's secret.")


def _bearer(header: str) -> str:
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
