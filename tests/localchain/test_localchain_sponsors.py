"""Transactions whose fee another account pays."""

from pathlib import Path

import pytest
from tests.localchain.accounts import NETWORK, Account, account
from tests.localchain.house import serving

from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.rejections import Rejected
from bitpay.stacks.transactions import Role, Transaction, sign, single_sig, sponsor, token_transfer

FEE = 4_000


def sponsored(origin: Account, payer: Account, amount: int, recipient: str) -> bytes:
    """A transfer that `origin` signs first and `payer` then."""
    tx = token_transfer(
        recipient,
        amount,
        network=NETWORK,
        public_key=origin.key.public_key,
        nonce=origin.nonce,
        fee=0,
        sponsored=True,
    )
    signed = sponsor(sign(tx, origin.key), single_sig(payer.key.public_key, nonce=payer.nonce, fee=FEE))
    origin.nonce += 1
    payer.nonce += 1
    return sign(signed, payer.key, Role.SPONSOR).encode()


def test_the_sponsor_pays_and_both_nonces_are_spent(chain: Chain, alice: Account, bob: Account) -> None:
    money = chain.stx_balance(alice.address), chain.stx_balance(bob.address)
    recipient = account(5).address
    chain.submit(sponsored(bob, alice, 700, recipient))
    [mined] = chain.mine().transactions
    assert mined.succeeded
    assert mined.tx.sponsor_address == alice.address
    assert chain.stx_balance(alice.address) == money[0] - FEE
    assert chain.stx_balance(bob.address) == money[1] - 700
    assert chain.stx_balance(recipient) == 700
    assert (chain.archive.nonces[alice.address], chain.archive.nonces[bob.address]) == (1, 1)


def test_a_sponsors_nonce_holds_up_his_other_transactions(chain: Chain, alice: Account, bob: Account) -> None:
    chain.submit(alice.again(nonce=1).transfer(bob.address, 1))
    assert not chain.mine().transactions
    chain.submit(sponsored(bob, alice, 700, account(5).address))
    assert [mined.succeeded for mined in chain.mine().transactions] == [True, True]


def test_a_sponsor_without_money_or_signature_is_refused(chain: Chain, alice: Account, bob: Account) -> None:
    with pytest.raises(Rejected, match="NotEnoughFunds"):
        chain.submit(sponsored(bob.again(), account(8), 1, alice.address))
    unsigned = Transaction.decode(sponsored(bob.again(), alice.again(), 1, account(5).address))
    by_another = sign(
        sponsor(unsigned, single_sig(bob.key.public_key, nonce=1, fee=FEE)), bob.key, Role.SPONSOR
    ).encode()
    stolen = by_another[:-60] + bytes(60)
    with pytest.raises(Rejected):
        chain.submit(stolen)
    assert not chain.mine().transactions


async def test_a_sponsor_has_what_he_paid_for_and_nothing_that_waits(
    tmp_path: Path, alice: Account, bob: Account
) -> None:
    genesis = Genesis(stx={alice.address: 10**9, bob.address: 10**9})
    async with serving(tmp_path, genesis) as house:
        txid = await house.send(sponsored(bob, alice, 700, account(5).address))
        for who, found in ((bob, [txid]), (alice, []), (account(5), [txid])):
            for path in (f"v3/principals/{who.address}/mempool/transactions", f"v1/address/{who.address}/mempool"):
                assert [one["tx_id"] for one in (await house.get(f"/extended/{path}"))["results"]] == found
        assert (await house.get("/extended/v1/tx/mempool", address=alice.address))["results"] == []
        await house.control("mine")
        [mined] = (await house.get(f"/extended/v3/principals/{alice.address}/transactions"))["results"]
        assert mined["involvement"] == "sponsor"
