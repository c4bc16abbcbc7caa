"""The chain's facts in one answer."""

from bitpay.access.clock import ChainClock
from bitpay.access.policy import AccessPolicy
from bitpay.access.schemas import Chain, ContractIds, Fees
from bitpay.kit.settings import NetworkName
from bitpay.protocol.ids import Contracts
from bitpay.stacks.network import Network


class ChainFacts:
    """What anybody may know about the chain we live on."""

    def __init__(
        self, clock: ChainClock, policy: AccessPolicy, contracts: Contracts, network_name: NetworkName
    ) -> None:
        self._clock = clock
        self._policy = policy
        self._contracts = contracts
        self._network_name = network_name
        self._network = Network.MAINNET if network_name == "mainnet" else Network.TESTNET

    async def now(self) -> Chain:
        """Return the facts as of our ledger's last block. Raises Unavailable."""
        moment = await self._clock.now()
        terms = await self._policy.terms()
        return Chain(
            network=self._network_name,
            chain_id=self._network.chain_id,
            height=moment.height,
            hash=moment.hash,
            time=moment.time,
            burn_height=moment.burn_height,
            contracts=_ids(self._contracts),
            sbtc=self._contracts.sbtc_asset,
            vault=self._contracts.vault,
            fees=Fees(creation=terms.creation_bps, marketplace=terms.marketplace_bps),
            paused=terms.paused,
        )


def _ids(contracts: Contracts) -> ContractIds:
    return ContractIds(
        access_control=contracts.access_control,
        nft=contracts.nft,
        obligation_nft=contracts.obligation_nft,
        sbtc_helper=contracts.vault,
        core=contracts.core,
        marketplace=contracts.marketplace,
        treasury=contracts.treasury,
    )
