"""Route of the chain's facts: `/api/v1/chain`."""

from typing import Annotated

from fastapi import APIRouter, Depends

from bitpay.access.schemas import Chain
from bitpay.access.service import ChainFacts
from bitpay.http.services import provided

router = APIRouter(prefix="/api/v1", tags=["chain"])


@router.get("/chain")
async def chain(facts: Annotated[ChainFacts, Depends(provided(ChainFacts))]) -> Chain:
    """Read where our ledger stands, the contracts' ids, the fees."""
    return await facts.now()
