"""JSON of sign-in and balances (camelCase on the wire)."""

from pydantic import Field

from bitpay.http.schemas import Json


class ChallengeRequest(Json):
    """Who wants to sign in."""

    address: str = Field(max_length=64)


class ChallengeAnswer(Json):
    """The message to sign with `stx_signMessage`."""

    message: str


class VerifyRequest(Json):
    """The signed message."""

    address: str = Field(max_length=64)
    message: str = Field(max_length=2000)
    signature: str = Field(max_length=132, description="65 bytes R, S, V as hex")


class SessionAnswer(Json):
    """Who is signed in, and the token that unsafe requests of this session repeat in X-CSRF-Token."""

    address: str
    csrf_token: str


class TokenAnswer(Json):
    """A short-lived access token for sockets and API clients."""

    token: str
    expires_in: int = Field(description="seconds")


class Balances(Json):
    """What an address holds: `sbtc` in sats, `stx` in millionths; `nonce` of its next transaction."""

    address: str
    sbtc: int
    stx: int
    nonce: int
