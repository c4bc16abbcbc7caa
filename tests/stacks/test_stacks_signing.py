"""Who signs what: one key, several keys in order and in any order, sponsors, signers elsewhere."""

from dataclasses import replace

import pytest

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal
from bitpay.stacks.errors import DecodeError, NameInvalid, SignatureInvalid, TransactionInvalid
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import (
    AuthField,
    ContractCall,
    HashMode,
    PoisonMicroblock,
    Role,
    SmartContract,
    TenureCause,
    TenureChange,
    TokenTransfer,
    Transaction,
    build,
    contract_call,
    multi_sig,
    multi_sig_address,
    next_sighash,
    sign,
    sign_multi,
    single_sig,
    sponsor,
    token_transfer,
    verify,
    with_public_key,
    with_signature,
)

ALICE, BOB, CAROL = (PrivateKey(bytes((number,)) * 32) for number in (1, 2, 3))
KEYS = [ALICE.public_key, BOB.public_key, CAROL.public_key]
ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
PAYLOAD = TokenTransfer(Principal(26, bytes(20)), 5)
MULTI = [mode for mode in HashMode if not mode.single]


def transfer(*, sponsored: bool = False) -> Transaction:
    return token_transfer(
        ACCOUNT, 5, network=Network.TESTNET, public_key=ALICE.public_key, nonce=0, fee=200, sponsored=sponsored
    )


def joint(mode: HashMode, required: int = 2) -> Transaction:
    return build(PAYLOAD, multi_sig(KEYS, required, nonce=1, fee=900, mode=mode), Network.TESTNET)


def test_only_the_owner_signs() -> None:
    with pytest.raises(SignatureInvalid):
        sign(transfer(), BOB)
    with pytest.raises(SignatureInvalid):
        sign(transfer(), PrivateKey.uncompressed(ALICE.to_bytes()))


def test_an_unsigned_transaction_does_not_verify() -> None:
    with pytest.raises(SignatureInvalid):
        verify(transfer())


def test_fee_and_nonce_are_signed() -> None:
    signed = sign(transfer(), ALICE)
    verify(signed)
    origin = signed.auth.origin
    for changed in (replace(origin, fee=201), replace(origin, nonce=1)):
        with pytest.raises(SignatureInvalid):
            verify(replace(signed, auth=replace(signed.auth, origin=changed)))


def test_a_signer_elsewhere_gets_32_bytes_and_hands_back_a_signature() -> None:
    tx = transfer()
    assert with_signature(tx, ALICE.sign_recoverable(next_sighash(tx))) == sign(tx, ALICE)
    with pytest.raises(SignatureInvalid):
        with_signature(tx, bytes(65))


def test_a_sponsor_pays_after_the_origin_signed() -> None:
    tx = sign(transfer(sponsored=True), ALICE)
    tx = sponsor(tx, single_sig(BOB.public_key, nonce=9, fee=5000))
    tx = sign(tx, BOB, Role.SPONSOR)
    verify(tx)
    assert (tx.fee, tx.nonce) == (5000, 0)
    assert tx.sponsor_address == BOB.address(Network.TESTNET)
    with pytest.raises(SignatureInvalid):
        sign(tx, CAROL, Role.SPONSOR)


def test_a_sponsor_does_not_sign_what_the_origin_has_not() -> None:
    tx = sponsor(transfer(sponsored=True), single_sig(BOB.public_key, nonce=9, fee=5000))
    with pytest.raises(SignatureInvalid):
        sign(tx, BOB, Role.SPONSOR)


def test_what_is_not_sponsored_has_no_sponsor() -> None:
    with pytest.raises(TransactionInvalid):
        sponsor(sign(transfer(), ALICE), single_sig(BOB.public_key, nonce=0, fee=1))
    assert transfer().sponsor_address is None


@pytest.mark.parametrize("mode", MULTI)
def test_two_of_three_sign(mode: HashMode) -> None:
    tx = sign_multi(joint(mode), KEYS, [ALICE, CAROL])
    verify(tx)
    assert tx.origin_address == multi_sig_address(mode, KEYS, 2, Network.TESTNET)
    assert Transaction.decode(tx.encode()) == tx


@pytest.mark.parametrize("mode", MULTI)
def test_signers_may_pass_the_transaction_on_as_bytes(mode: HashMode) -> None:
    tx = joint(mode)
    tx = Transaction.decode(with_signature(tx, ALICE.sign_recoverable(next_sighash(tx))).encode())
    tx = Transaction.decode(with_public_key(tx, BOB.public_key).encode())
    tx = Transaction.decode(with_signature(tx, CAROL.sign_recoverable(next_sighash(tx))).encode())
    assert tx == sign_multi(joint(mode), KEYS, [ALICE, CAROL])


@pytest.mark.parametrize("mode", MULTI)
def test_too_few_or_foreign_signatures_do_not_verify(mode: HashMode) -> None:
    with pytest.raises(SignatureInvalid):
        verify(joint(mode))
    with pytest.raises(SignatureInvalid):
        verify(sign_multi(joint(mode), KEYS, [ALICE]))
    with pytest.raises(SignatureInvalid):
        sign_multi(joint(mode), KEYS, [PrivateKey.generate()])
    with pytest.raises(SignatureInvalid):
        sign_multi(joint(mode), KEYS[:2], [ALICE])


def test_more_signatures_than_needed_are_for_any_order_only() -> None:
    verify(sign_multi(joint(HashMode.P2SH_ANY_ORDER), KEYS, [ALICE, BOB, CAROL]))
    whole = [ALICE, BOB, CAROL]
    for mode in (HashMode.P2SH, HashMode.P2WSH):
        with pytest.raises(SignatureInvalid, match="more than the 2"):
            sign_multi(joint(mode), KEYS, whole)
        tx = sign_multi(joint(mode), KEYS, [ALICE, BOB])
        with pytest.raises(SignatureInvalid, match="more than the 2"):
            with_signature(tx, CAROL.sign_recoverable(next_sighash(tx)))
    tx = sign_multi(joint(HashMode.P2SH_ANY_ORDER), KEYS, whole)
    ordered = replace(tx.auth.origin, mode=HashMode.P2SH)
    with pytest.raises(SignatureInvalid, match="3 signatures, 2 required"):
        verify(replace(tx, auth=replace(tx.auth, origin=ordered)))


def test_one_key_and_several_are_not_mixed_up() -> None:
    with pytest.raises(TransactionInvalid):
        sign(joint(HashMode.P2SH), ALICE)
    with pytest.raises(TransactionInvalid):
        sign_multi(transfer(), KEYS, [ALICE])
    with pytest.raises(TransactionInvalid):
        with_public_key(transfer(), BOB.public_key)


@pytest.mark.parametrize("required", [0, 4])
def test_impossible_sets_of_keys_are_refused(required: int) -> None:
    with pytest.raises(TransactionInvalid):
        joint(HashMode.P2SH, required)


def test_witness_modes_take_compressed_keys_only() -> None:
    big = PrivateKey.uncompressed(ALICE.to_bytes()).public_key
    for mode in (HashMode.P2WSH, HashMode.P2WSH_ANY_ORDER):
        with pytest.raises(TransactionInvalid):
            multi_sig([big, BOB.public_key], 1, nonce=0, fee=0, mode=mode)
    with pytest.raises(TransactionInvalid):
        single_sig(big, nonce=0, fee=0, mode=HashMode.P2WPKH)


def test_segwit_single_keys_live_at_another_address() -> None:
    tx = build(PAYLOAD, single_sig(ALICE.public_key, nonce=0, fee=1, mode=HashMode.P2WPKH), Network.MAINNET)
    tx = sign(tx, ALICE)
    verify(tx)
    assert tx.origin_address.startswith("SM")


@pytest.mark.parametrize(
    "made",
    [
        lambda: TokenTransfer(Principal(26, bytes(20)), 2**64),
        lambda: TokenTransfer(Principal(26, bytes(20)), -1),
        lambda: TokenTransfer(Principal(26, bytes(20)), 1, b"m" * 35),
        lambda: ContractCall(Principal(26, bytes(20)), "f", ()),
        lambda: SmartContract("a", "é"),
        lambda: SmartContract("a", "ok\r"),
        lambda: SmartContract("a", "ok", 7),
        lambda: PoisonMicroblock(b"", b""),
        lambda: TenureChange(b"", b"", b"", b"", 0, TenureCause.EXTENDED, b""),
        lambda: single_sig(ALICE.public_key, nonce=-1, fee=0),
        lambda: single_sig(ALICE.public_key, nonce=0, fee=2**64),
        lambda: replace(transfer(), version=1),
        lambda: replace(transfer(), chain_id=2**32),
    ],
)
def test_impossible_parts_are_refused(made: object) -> None:
    assert callable(made)
    with pytest.raises(TransactionInvalid):
        made()


def test_names_in_calls_are_checked() -> None:
    for contract, function in ((f"{ACCOUNT}.{'a' * 41}", "f"), (f"{ACCOUNT}.a", "1f")):
        with pytest.raises(NameInvalid):
            contract_call(contract, function, [], network=Network.TESTNET, public_key=ALICE.public_key, nonce=0, fee=1)


def test_a_transaction_fits_two_mebibytes() -> None:
    call = contract_call(
        f"{ACCOUNT}.a",
        "f",
        [clarity.buffer(bytes(1024 * 1024))] * 2,
        network=Network.TESTNET,
        public_key=ALICE.public_key,
        nonce=0,
        fee=1,
    )
    with pytest.raises(TransactionInvalid):
        call.encode()
    with pytest.raises(DecodeError):
        Transaction.decode(bytes(2 * 1024 * 1024 + 1))


def test_microblock_evidence_survives() -> None:
    tx = build(PoisonMicroblock(b"a" * 132, b"b" * 132), single_sig(KEYS[0], nonce=0, fee=0), Network.MAINNET)
    assert Transaction.from_hex(tx.to_hex()) == tx


@pytest.mark.parametrize(
    ("position", "byte", "field"),
    [(0, 1, "version"), (5, 6, "auth type"), (6, 4, "hash mode"), (43, 2, "key encoding"), (109, 4, "anchor mode")],
)
def test_a_wrong_byte_is_named(position: int, byte: int, field: str) -> None:
    raw = bytearray(transfer().encode())
    raw[position] = byte
    with pytest.raises(DecodeError) as refused:
        Transaction.decode(bytes(raw))
    assert (refused.value.offset, refused.value.field) == (position, field)


@pytest.mark.parametrize(
    ("start", "wrong", "field"),
    [
        (43, "05", "auth field type"),
        (44, "ff" * 33, "public key"),
    ],
)
def test_a_wrong_co_signer_is_named(start: int, wrong: str, field: str) -> None:
    tx = with_public_key(joint(HashMode.P2SH), BOB.public_key)
    raw = bytearray(tx.encode())
    at = start + 4
    raw[at : at + len(wrong) // 2] = bytes.fromhex(wrong)
    with pytest.raises(DecodeError) as refused:
        Transaction.decode(bytes(raw))
    assert (refused.value.offset, refused.value.field) == (at, field)


def test_conditions_are_what_their_mode_says() -> None:
    single = single_sig(ALICE.public_key, nonce=0, fee=0)
    several = multi_sig(KEYS, 2, nonce=0, fee=0, mode=HashMode.P2WSH)
    for made in (
        lambda: replace(single, mode=HashMode.P2SH),
        lambda: replace(single, mode=HashMode.P2WPKH, compressed=False),
        lambda: replace(single, signature=b""),
        lambda: replace(single, signer=b""),
        lambda: replace(several, mode=HashMode.P2PKH),
        lambda: replace(several, required=1 << 16),
        lambda: replace(several, fields=(AuthField(BOB.public_key, compressed=False),)),
        lambda: AuthField(b""),
    ):
        with pytest.raises(TransactionInvalid):
            made()


def test_hex_is_hex() -> None:
    spaced = transfer().encode().hex(" ")
    for text in ("zz", "0", "80 00", spaced, f" {transfer().to_hex()}", None, b"80"):
        with pytest.raises(DecodeError):
            Transaction.from_hex(text)  # type: ignore[arg-type]
