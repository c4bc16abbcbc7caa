"""Routes of sign-in (`/api/v1/auth`) and of balances (`/api/v1/accounts`)."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from bitpay.accounts.balances import BalanceReader
from bitpay.accounts.models import SESSION_LIFETIME
from bitpay.accounts.schemas import (
    Balances,
    ChallengeAnswer,
    ChallengeRequest,
    SessionAnswer,
    TokenAnswer,
    VerifyRequest,
)
from bitpay.accounts.service import AccountService
from bitpay.accounts.tokens import LIFETIME
from bitpay.http.identity import SignedIn
from bitpay.http.services import provided

router = APIRouter(prefix="/api/v1", tags=["accounts"])

Accounts = Annotated[AccountService, Depends(provided(AccountService))]
Reader = Annotated[BalanceReader, Depends(provided(BalanceReader))]


@router.post("/auth/challenge")
async def challenge(request: ChallengeRequest, accounts: Accounts) -> ChallengeAnswer:
    """Begin to sign in: the message that the address's wallet must sign within five minutes."""
    return ChallengeAnswer(message=await accounts.challenge(request.address))


@router.post("/auth/verify")
async def verify(request: VerifyRequest, response: Response, accounts: Accounts) -> SessionAnswer:
    """Sign in: the signed message opens a session, kept in a cookie."""
    token = await accounts.verify(request.address, request.message, request.signature)
    response.set_cookie(
        accounts.cookie,
        token,
        max_age=int(SESSION_LIFETIME.total_seconds()),
        path="/",
        secure=accounts.secure,
        httponly=True,
        samesite="lax",
    )
    return SessionAnswer(address=request.address, csrf_token=accounts.csrf_token(token))


@router.get("/auth/session")
async def session(request: Request, user: SignedIn, accounts: Accounts) -> SessionAnswer:
    """Tell who is signed in."""
    return SessionAnswer(address=user.address, csrf_token=accounts.csrf_token(request.cookies.get(accounts.cookie, "")))


@router.post("/auth/token")
async def token(user: SignedIn, accounts: Accounts) -> TokenAnswer:
    """Get a short-lived access token for the socket."""
    return TokenAnswer(token=accounts.access_token(user), expires_in=LIFETIME)


@router.post("/auth/logout", status_code=204)
async def logout(user: SignedIn, response: Response, accounts: Accounts) -> None:
    """Sign out: the session ends everywhere, its sockets too."""
    await accounts.revoke(user)
    response.delete_cookie(accounts.cookie, path="/", secure=accounts.secure, httponly=True, samesite="lax")


@router.get("/accounts/{address}")
async def balances(address: Annotated[str, Path(max_length=200)], reader: Reader) -> Balances:
    """Read what an address or a contract holds, as the node says."""
    return await reader.read(address)
