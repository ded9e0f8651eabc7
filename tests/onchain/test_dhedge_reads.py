"""Vault answers and events become typed facts, checked against the vectors and round trips."""

import pytest
from eth_abi.abi import encode
from hypothesis import given, settings
from hypothesis import strategies as st

from onchain import dhedge_events, dhedge_reads, interface
from onchain.abi import UndecodableBytes
from tests.onchain.abi_values import values_of
from tests.onchain.vectors import load, raw

RETURNS = {one["function"].split("(")[0]: one for one in load("dhedge_returns")}
LOGS = {one["event"].split("(")[0]: one for one in load("dhedge_events")}
VAULT = "0x7862F74Aa0a1Db091bE314709248Ec24F5F7a967"
MANAGER = "0x" + "22" * 20
USDC = "0xaf88d065e77c8cC2239327C5EDb3A432268e5831"
E18 = 10**18


def answer(name):
    return raw(RETURNS[name]["return_data"])


def log(name):
    one = LOGS[name]
    return dhedge_events.decode_vault_event(
        [raw(topic) for topic in one["topics"]], raw(one["data"])
    )


def test_a_fund_summary_is_read_field_by_field():
    told = RETURNS["getFundSummary"]["decoded"][0]
    found = dhedge_reads.decode_fund_summary(answer("getFundSummary"))
    assert (found.name, found.manager, found.manager_name) == (
        told["name"],
        told["manager"],
        told["managerName"],
    )
    assert (found.total_supply_raw, found.total_value_usd_raw) == (130_000 * E18, 141_050 * E18)
    assert (found.performance_fee_numerator, found.manager_fee_numerator) == (1_000, 100)
    assert (found.manager_fee_denominator, found.exit_fee_denominator) == (10_000, 10_000)
    assert (found.exit_fee_numerator, found.entry_fee_numerator, found.is_private) == (0, 0, False)
    assert found.creation_time == int(told["creationTime"])


def test_a_composition_pairs_assets_with_balances_and_rates():
    assets, balances, rates = RETURNS["getFundComposition"]["decoded"]
    found = dhedge_reads.decode_composition(answer("getFundComposition"))
    assert [(one.asset, one.is_deposit_asset) for one in found] == [tuple(one) for one in assets]
    assert [str(one.balance_raw) for one in found] == balances
    assert [str(one.rate_usd_raw) for one in found] == rates


def test_a_composition_whose_lists_differ_is_refused():
    shape = interface.function("PoolManagerLogic", "getFundComposition")
    crooked = encode(shape.output_types, ([(USDC, True)], [1, 2], [1]))
    with pytest.raises(UndecodableBytes, match="different lengths"):
        dhedge_reads.decode_composition(crooked)


def test_assets_fees_and_their_caps_are_read():
    assert dhedge_reads.decode_supported_assets(answer("getSupportedAssets"))[1] == (USDC, True)
    caps = dhedge_reads.decode_maximum_fees(answer("getMaximumFee"))
    assert caps == dhedge_reads.FeeSchedule(5_000, 300, 100, 100, 10_000)
    now = encode(["uint256"] * 5, (1_000, 100, 0, 0, 10_000))
    assert dhedge_reads.decode_fees(now).performance_numerator == 1_000
    announced = dhedge_reads.decode_fee_increase(answer("getFeeIncreaseInfo"))
    assert (announced.performance_numerator, announced.is_announced) == (1_500, True)
    none = dhedge_reads.decode_fee_increase(encode(["uint256"] * 5, (0,) * 5))
    assert not none.is_announced


def test_the_guards_admission_is_read_and_zeros_mean_no():
    found = dhedge_reads.decode_admission(answer("dHedgePoolsWhitelist"))
    assert (found.vault, found.withdrawal_asset, found.is_admitted) == (VAULT, USDC, True)
    assert not dhedge_reads.decode_admission(bytes(64)).is_admitted


def test_a_deposit_tells_the_flow_and_the_state_after_it():
    found = log("Deposit")
    assert isinstance(found, dhedge_events.VaultDeposit)
    assert (found.vault, found.asset, found.amount_raw) == (VAULT, USDC, 10**9)
    assert (found.value_usd_raw, found.shares_raw) == (1_000 * E18, 923 * E18)
    assert (found.vault_value_usd_raw, found.total_supply_raw) == (142_050 * E18, 130_923 * E18)


def test_a_withdrawal_keeps_an_asset_that_is_paid_twice():
    shape = interface.event("PoolLogic", "Withdrawal")
    parts = ((USDC, 5, False), (USDC, 7, True))
    values = (VAULT, MANAGER, 12 * E18, 11 * E18, 0, 88 * E18, 80 * E18, parts, 1_760_000_000)
    data = encode([kind for _, kind in shape.plain], values)
    found = dhedge_events.decode_vault_event([shape.topic], data)
    assert isinstance(found, dhedge_events.VaultWithdrawal)
    assert [(one.amount_raw, one.was_processed_outside) for one in found.assets] == [
        (5, False),
        (7, True),
    ]
    assert (found.value_usd_raw, found.shares_raw) == (12 * E18, 11 * E18)


def test_fee_mints_name_their_share_of_each_and_the_high_water_mark():
    found = log("ManagerFeeMinted")
    assert isinstance(found, dhedge_events.FeeMint)
    assert found.dao_raw + found.manager_raw == found.minted_raw == 210 * E18
    assert (
        str(found.high_water_mark_raw)
        == LOGS["ManagerFeeMinted"]["decoded"]["tokenPriceAtLastFeeMint"]
    )


def test_an_exit_fee_is_a_transfer_and_no_mint():
    entry, referral = log("EntryFeeMinted"), log("ReferralFeeMinted")
    assert isinstance(entry, dhedge_events.ShareFee)
    assert isinstance(referral, dhedge_events.ShareFee)
    assert (entry.is_mint, referral.is_mint) == (True, True)
    shape = interface.event("PoolLogic", "ExitFeeMinted")
    left = dhedge_events.decode_vault_event(
        [shape.topic], encode(["address", "uint256"], [MANAGER, 3])
    )
    assert left == dhedge_events.ShareFee(MANAGER, 3, is_mint=False)


def test_an_executed_call_names_its_kind():
    found = log("TransactionExecuted")
    assert isinstance(found, dhedge_events.CallExecuted)
    assert found.kind == dhedge_events.ExecutedKind.GMX_MULTICALL


def test_assets_shares_and_notes_of_the_factory_are_read():
    added, removed = log("AssetAdded"), log("AssetRemoved")
    assert isinstance(added, dhedge_events.AssetEnabled)
    assert isinstance(removed, dhedge_events.AssetEnabled)
    assert (added.is_enabled, removed.is_enabled) == (True, False)
    assert isinstance(log("Transfer"), dhedge_events.ShareTransfer)
    pool, manager = log("PoolEvent"), log("PoolManagerEvent")
    assert isinstance(pool, dhedge_events.VaultTouched)
    assert isinstance(manager, dhedge_events.VaultTouched)
    assert (pool.is_manager_logic, manager.is_manager_logic) == (False, True)


def test_other_events_are_kept_by_their_fields():
    shape = interface.event("PoolManagerLogic", "ManagerUpdated")
    data = encode(["address", "string"], [MANAGER, "desk"])
    found = dhedge_events.decode_vault_event([shape.topic], data)
    assert isinstance(found, dhedge_events.OtherVaultEvent)
    assert (found.name, found.fields["newManagerName"]) == ("ManagerUpdated", "desk")


def test_an_event_of_no_use_is_stepped_over():
    assert dhedge_events.decode_vault_event([b"\x01" * 32], b"") is None
    assert dhedge_events.decode_vault_event([], b"") is None


@settings(max_examples=50)
@given(st.sampled_from(list(dhedge_events.vault_topics().values())), st.data())
def test_every_event_that_is_filtered_for_is_read(shape, data):
    words = [encode([kind], data.draw(values_of((kind,)))) for _, kind in shape.indexed]
    kinds = tuple(kind for _, kind in shape.plain)
    body = encode(kinds, data.draw(values_of(kinds)))
    assert dhedge_events.decode_vault_event([shape.topic, *words], body) is not None


@given(
    st.sampled_from(list(dhedge_events.vault_topics())),
    st.lists(st.binary(min_size=32, max_size=32), max_size=2),
    st.binary(max_size=500),
)
def test_arbitrary_vault_logs_never_crash_the_decoder(topic, words, data):
    try:
        dhedge_events.decode_vault_event([topic, *words], data)
    except UndecodableBytes:
        return
