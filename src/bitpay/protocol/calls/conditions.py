"""The post-conditions of our calls. They are meant for deny mode, which counts what every principal sends.

What changes with time is bounded, never fixed. The vault counts as a sender too: it pays what streams and offers hold.
"""

from bitpay.protocol.ids import OBLIGATION_ASSET, Contracts
from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition, NftPostCondition, PostCondition, Sent


def sends(contracts: Contracts, who: str, compare: Compare, sats: int) -> FtPostCondition:
    """Bound the sBTC that `who` sends."""
    return FtPostCondition(parse_principal(who), Asset.parse(contracts.sbtc_asset), compare, sats)


def vault_sends(contracts: Contracts, *, least: int, most: int) -> tuple[PostCondition, ...]:
    """Bound what the vault pays on both sides, in sats."""
    return (
        sends(contracts, contracts.vault, Compare.GTE, least),
        sends(contracts, contracts.vault, Compare.LTE, most),
    )


def hands_over(contracts: Contracts, holder: str, stream_id: int) -> NftPostCondition:
    """Demand that the stream's obligation leaves its holder."""
    asset = Asset.parse(f"{contracts.obligation_nft}::{OBLIGATION_ASSET}")
    return NftPostCondition(parse_principal(holder), asset, clarity.uint(stream_id), Sent.SENT)
