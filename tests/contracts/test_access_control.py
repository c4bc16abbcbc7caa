import pytest
from tests.contracts.world import World

from bitpay.stacks.clarity import UINT_MAX


@pytest.fixture
def open_stage(stage: World) -> World:
    """Access control, finalised, with a stand-in for the treasury that passes on whatever anybody says."""
    stage.finalize()
    return stage


def test_before_finalising_nothing_can_be_created(stage: World) -> None:
    assert stage.access.is_finalized() is False
    assert stage.access.is_paused() is False
    assert stage.access.get_admins() == []
    assert stage.access.get_threshold() == 0
    for read in (stage.access.check_open, stage.access.get_creation_bps, stage.access.get_marketplace_bps):
        with stage.refused("access-control", "NOT_FINALIZED"):
            read()
    with stage.refused("access-control", "NOT_ADMIN_OR_OPERATOR"):
        stage.access.pause(by=stage.deployer)


def test_the_deployer_finalises_once_and_is_nobody_then(stage: World) -> None:
    admins, operators = [stage.ann, stage.ben], [stage.olga, stage.ann]

    assert stage.access.finalize(admins, 2, operators, by=stage.deployer) is True

    assert dict(stage.told("finalized")) == {
        "admins": [stage.ann.address, stage.ben.address],
        "threshold": 2,
        "operators": [stage.olga.address, stage.ann.address],
    }
    assert stage.access.is_finalized() is True
    assert stage.access.get_admins() == [stage.ann.address, stage.ben.address]
    assert stage.access.get_council() == {
        "threshold": 2,
        "members": [{"who": stage.ann.address, "term": 1}, {"who": stage.ben.address, "term": 2}],
    }
    assert [stage.access.is_admin(who) for who in (stage.ann, stage.ben, stage.olga, stage.deployer)] == [
        True,
        True,
        False,
        False,
    ]
    assert [stage.access.is_operator(who) for who in (stage.ann, stage.ben, stage.olga)] == [True, False, True]
    assert stage.access.get_fees() == {"creation": 10, "marketplace": 25}
    assert (stage.access.get_creation_bps(), stage.access.get_marketplace_bps()) == (10, 25)
    with stage.refused("access-control", "ALREADY_FINALIZED"):
        stage.access.finalize(admins, 2, operators, by=stage.deployer)
    with stage.refused("access-control", "NOT_ADMIN_OR_OPERATOR"):
        stage.access.pause(by=stage.deployer)


def test_only_the_deployer_finalises(stage: World) -> None:
    for who in (stage.ann, stage.mallory):
        with stage.refused("access-control", "NOT_DEPLOYER"):
            stage.access.finalize([who], 1, [], by=who)
    with stage.refused("access-control", "NOT_DEPLOYER"):
        stage.treasury.access_control_finalize([stage.ann], 1, [], by=stage.deployer)


def test_what_cannot_govern_is_not_finalised(stage: World) -> None:
    ann, ben = stage.ann, stage.ben
    for reason, admins, threshold, operators in [
        ("NO_ADMINS", [], 0, []),
        ("NO_ADMINS", [], 1, [ann]),
        ("THRESHOLD_OUT_OF_RANGE", [ann, ben], 0, []),
        ("THRESHOLD_OUT_OF_RANGE", [ann, ben], 3, []),
        ("THRESHOLD_OUT_OF_RANGE", [ann, ben], UINT_MAX, []),
        ("ALREADY_ADMIN", [ann, ben, ann], 2, []),
        ("ALREADY_ADMIN", [ann, ann], 1, []),
        ("ALREADY_OPERATOR", [ann], 1, [ben, ben]),
    ]:
        with stage.refused("access-control", reason):
            stage.access.finalize(admins, threshold, operators, by=stage.deployer)
    assert stage.access.get_admins() == []
    stage.finalize()


@pytest.mark.parametrize("who", ["ann", "ben", "cleo", "olga"])
def test_any_admin_or_operator_can_pause(open_stage: World, who: str) -> None:
    assert open_stage.access.pause(by=open_stage.people[who]) is True

    assert dict(open_stage.told("paused")) == {"by": open_stage.people[who].address}
    assert open_stage.access.is_paused() is True
    for read in (
        open_stage.access.check_open,
        open_stage.access.get_creation_bps,
        open_stage.access.get_marketplace_bps,
    ):
        with open_stage.refused("access-control", "PAUSED"):
            read()
    with open_stage.refused("access-control", "PAUSED"):
        open_stage.access.pause(by=open_stage.ann)


def test_a_contract_that_is_an_operator_pauses_in_its_own_name(open_stage: World) -> None:
    open_stage.treasury.access_control_grant_operator(open_stage.core, by=open_stage.alice)

    open_stage.core.access_control_pause(by=open_stage.alice)

    assert dict(open_stage.told("paused")) == {"by": open_stage.core.address}


def test_nobody_else_can_pause(open_stage: World) -> None:
    for who in (open_stage.deployer, open_stage.alice, open_stage.mallory):
        with open_stage.refused("access-control", "NOT_ADMIN_OR_OPERATOR"):
            open_stage.access.pause(by=who)
    with open_stage.refused("access-control", "NOT_ADMIN_OR_OPERATOR"):
        open_stage.core.access_control_pause(by=open_stage.ann)


def test_the_treasury_unpauses(open_stage: World) -> None:
    with open_stage.refused("access-control", "NOT_PAUSED"):
        open_stage.treasury.access_control_unpause(by=open_stage.alice)
    open_stage.access.pause(by=open_stage.olga)

    open_stage.treasury.access_control_unpause(by=open_stage.alice)

    assert dict(open_stage.told("unpaused")) == {"by": open_stage.treasury.address}
    assert open_stage.access.is_paused() is False
    assert open_stage.access.is_finalized() is True


def test_the_treasury_alone_changes_who_decides(open_stage: World) -> None:
    mallory = open_stage.mallory
    changes = {
        "unpause": (),
        "add_admin": (mallory,),
        "remove_admin": (open_stage.ann,),
        "set_threshold": (1,),
        "grant_operator": (mallory,),
        "revoke_operator": (open_stage.olga,),
        "set_fees": (0, 0),
    }
    for name, args in changes.items():
        for caller in (open_stage.deployer, open_stage.ann, mallory):
            with open_stage.refused("access-control", "NOT_TREASURY"):
                getattr(open_stage.access, name)(*args, by=caller)
        for contract in (open_stage.core, open_stage.marketplace):
            with open_stage.refused("access-control", "NOT_TREASURY"):
                getattr(contract, f"access_control_{name}")(*args, by=open_stage.ann)


def test_admins_come_and_go_each_time_in_a_new_term(open_stage: World) -> None:
    treasury, access = open_stage.treasury, open_stage.access

    treasury.access_control_add_admin(open_stage.dave, by=open_stage.alice)
    assert dict(open_stage.told("admin-added")) == {"admin": open_stage.dave.address, "term": 4}
    assert access.get_term(open_stage.dave) == 4
    treasury.access_control_remove_admin(open_stage.ann, by=open_stage.alice)
    assert dict(open_stage.told("admin-removed")) == {"admin": open_stage.ann.address}
    assert access.get_term(open_stage.ann) is None
    assert access.get_admins() == [open_stage.ben.address, open_stage.cleo.address, open_stage.dave.address]
    treasury.access_control_add_admin(open_stage.ann, by=open_stage.alice)
    assert access.get_term(open_stage.ann) == 5

    with open_stage.refused("access-control", "ALREADY_ADMIN"):
        treasury.access_control_add_admin(open_stage.ann, by=open_stage.alice)
    with open_stage.refused("access-control", "UNKNOWN_ADMIN"):
        treasury.access_control_remove_admin(open_stage.mallory, by=open_stage.alice)


def test_there_is_room_for_ten_admins(open_stage: World) -> None:
    for name in ("alice", "bob", "carol", "dave", "erin", "olga", "deployer"):
        open_stage.treasury.access_control_add_admin(open_stage.people[name], by=open_stage.alice)
    assert len(open_stage.access.get_admins()) == 10

    with open_stage.refused("access-control", "TOO_MANY_ADMINS"):
        open_stage.treasury.access_control_add_admin(open_stage.mallory, by=open_stage.alice)
    assert open_stage.access.is_admin(open_stage.mallory) is False


def test_the_threshold_always_has_enough_admins(open_stage: World) -> None:
    treasury = open_stage.treasury

    for wrong in (0, 4, UINT_MAX):
        with open_stage.refused("access-control", "THRESHOLD_OUT_OF_RANGE"):
            treasury.access_control_set_threshold(wrong, by=open_stage.alice)
    treasury.access_control_set_threshold(3, by=open_stage.alice)
    assert dict(open_stage.told("threshold-changed")) == {"threshold": 3}
    with open_stage.refused("access-control", "THRESHOLD_OUT_OF_RANGE"):
        treasury.access_control_remove_admin(open_stage.ann, by=open_stage.alice)
    assert open_stage.access.is_admin(open_stage.ann) is True
    treasury.access_control_set_threshold(1, by=open_stage.alice)
    treasury.access_control_remove_admin(open_stage.ann, by=open_stage.alice)
    treasury.access_control_remove_admin(open_stage.ben, by=open_stage.alice)
    with open_stage.refused("access-control", "THRESHOLD_OUT_OF_RANGE"):
        treasury.access_control_remove_admin(open_stage.cleo, by=open_stage.alice)


def test_operators_come_and_go(open_stage: World) -> None:
    treasury, access = open_stage.treasury, open_stage.access

    treasury.access_control_grant_operator(open_stage.dave, by=open_stage.alice)
    assert dict(open_stage.told("operator-granted")) == {"operator": open_stage.dave.address}
    with open_stage.refused("access-control", "ALREADY_OPERATOR"):
        treasury.access_control_grant_operator(open_stage.dave, by=open_stage.alice)
    treasury.access_control_revoke_operator(open_stage.dave, by=open_stage.alice)
    assert dict(open_stage.told("operator-revoked")) == {"operator": open_stage.dave.address}
    assert access.is_operator(open_stage.dave) is False
    with open_stage.refused("access-control", "UNKNOWN_OPERATOR"):
        treasury.access_control_revoke_operator(open_stage.dave, by=open_stage.alice)
    with open_stage.refused("access-control", "NOT_ADMIN_OR_OPERATOR"):
        access.pause(by=open_stage.dave)


def test_fees_stay_below_their_caps(open_stage: World) -> None:
    treasury = open_stage.treasury

    treasury.access_control_set_fees(100, 500, by=open_stage.alice)
    assert dict(open_stage.told("fees-changed")) == {"creation": 100, "marketplace": 500}
    assert open_stage.access.get_fees() == {"creation": 100, "marketplace": 500}
    for wrong in [(101, 0), (0, 501), (UINT_MAX, UINT_MAX)]:
        with open_stage.refused("access-control", "FEE_ABOVE_CAP"):
            treasury.access_control_set_fees(*wrong, by=open_stage.alice)
        with open_stage.refused("access-control", "FEE_ABOVE_CAP"):
            open_stage.access.check_fees(*wrong)
    treasury.access_control_set_fees(0, 0, by=open_stage.alice)
    assert open_stage.access.get_creation_bps() == 0
