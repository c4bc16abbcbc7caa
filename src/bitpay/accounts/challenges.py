"""The one-time message that a wallet signs to sign in ("Sign-In with Stacks", after EIP-4361)."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bitpay.kit.errors import InvalidInput

LIFETIME = timedelta(minutes=5)
STATEMENT = "Sign in to BitPay. This costs nothing and moves no money."

_NONCE = re.compile(r"^Nonce: ([A-Za-z0-9]{16,64})$", re.MULTILINE)
_MAX_MESSAGE = 2_000


@dataclass(frozen=True, slots=True)
class Challenge:
    """What one sign-in message says. Times are UTC with milliseconds; `chain_id` is 1 or 2147483648."""

    address: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime

    def message(self) -> str:
        """Return the text that the wallet shows and signs."""
        return "\n".join(
            (
                f"{urlsplit(self.uri).netloc} wants you to sign in with your Stacks account:",
                self.address,
                "",
                STATEMENT,
                "",
                f"URI: {self.uri}",
                "Version: 1",
                f"Chain ID: {self.chain_id}",
                f"Nonce: {self.nonce}",
                f"Issued At: {_iso(self.issued_at)}",
                f"Expiration Time: {_iso(self.expires_at)}",
            )
        )


def new_challenge(address: str, uri: str, chain_id: int, now: datetime) -> Challenge:
    """Return a fresh challenge, valid for five minutes from `now`."""
    return Challenge(address, uri, chain_id, secrets.token_hex(16), now, now + LIFETIME)


def nonce_of(message: str) -> str:
    """Return the nonce that a sign-in message names. Raises InvalidInput where it names none, or several."""
    found = _NONCE.findall(message) if len(message) <= _MAX_MESSAGE else []
    if len(found) != 1:
        raise InvalidInput("This is not a sign-in message of ours.")
    return str(found[0])


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
