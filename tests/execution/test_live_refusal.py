"""LIVE exists as a mode and trades nothing: no setting, row or call opens the door."""

from datetime import timedelta
from typing import cast

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from atlas.domain.errors import Denied
from atlas.domain.states import OrderState, SwitchScope
from atlas.models import SignerAttestation, TradingState
from atlas.switches import create_scope
from execution import gate, live_keys
from execution.desk import venue_for
from execution.marketdata.base import MarketData
from execution.models import Deployment, GuardrailDecision, Order
from onchain.models import TransactionPermit, Vault
from tests.execution.orders import planned_order, snapshot_of
from tests.execution.world import ACTOR, WALL, make_deployment, open_switches, slot

pytestmark = pytest.mark.django_db


# No venue for real money tells yet what a share is worth and what an order will cost.
UNKNOWN_OF_A_LIVE_ACCOUNT = {
    "daily_loss",
    "drawdown",
    "slippage",
    "price_impact",
    "admits_execution",
    "gas_per_day",
}


@pytest.fixture
def live(settings):
    """Make a LIVE deployment with every key that can be had: setting, signer, switches, vault."""
    settings.ATLAS_LIVE_TRADING = True
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    deployment = make_deployment()
    open_switches()
    for scope, key in (SwitchScope.VAULT, vault.account_id), (SwitchScope.CHAIN, "42161"):
        create_scope(scope=scope, key=key, actor=ACTOR, now=WALL)
    TradingState.objects.update(state="ACTIVE")
    SignerAttestation.objects.create(
        attested_at=timezone.now(),
        host="signer",
        process_id=1,
        code_version="1",
        holds_key=True,
        address="0x" + "cd" * 20,
        live_trading=True,
    )
    return deployment, vault


def go_live(deployment, vault) -> Deployment:
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    found: Deployment = Deployment.objects.detailed().get(pk=deployment.pk)
    return found


def ask(order):
    return gate.authorise(
        order,
        snapshot=snapshot_of(order.deployment),
        feed_at=slot(0),
        fencing_token=1,
        actor=ACTOR,
    )


def test_the_gate_denies_a_live_order_that_lacks_nothing_but_what_does_not_exist(live):
    deployment, vault = live
    order = planned_order(deployment)
    go_live(deployment, vault)
    decision = ask(order)
    assert (decision.allowed, order.state) == (False, OrderState.DENIED)
    promotion = [one for one in decision.missing_live_keys if live_keys.PROMOTION in one]
    assert len(promotion) == 6  # no record at all
    assert [one for one in decision.missing_live_keys if one not in promotion] == [
        live_keys.NO_AUTHORISATION,
        live_keys.NO_READINESS,
        live_keys.NO_EPOCH,
        live_keys.NO_VENUE,
    ]
    breached = {one["rule"] for one in decision.verdicts if one["outcome"] == "BREACHED"}
    assert breached == UNKNOWN_OF_A_LIVE_ACCOUNT
    assert live_keys.NO_VENUE in decision.reason
    assert not TransactionPermit.objects.exists()


def test_every_key_that_is_missing_is_named(live, settings):
    deployment, vault = live
    settings.ATLAS_LIVE_TRADING = False
    order = planned_order(deployment)
    go_live(deployment, vault)
    TradingState.objects.filter(scope="VAULT").update(state="REDUCING")
    decision = ask(order)
    assert decision.missing_live_keys[0] == live_keys.NO_SETTING
    assert "the effective switch is REDUCING, not ACTIVE" in decision.missing_live_keys
    assert decision.switch_scope.startswith("VAULT eip155:42161:")


@pytest.mark.parametrize(
    "values",
    [
        {"attested_at": timezone.now() - timedelta(minutes=5)},
        {"attested_at": timezone.now() + timedelta(hours=1)},
        {"holds_key": False, "address": ""},
        {"live_trading": False},
    ],
)
def test_a_signer_that_is_silent_or_unarmed_is_a_missing_key(live, values):
    deployment, vault = live
    attested = SignerAttestation.objects.get()
    import pgtrigger

    with pgtrigger.ignore("atlas.SignerAttestation:signer_attestation_append_only"):
        SignerAttestation.objects.filter(pk=attested.pk).update(**values)
    order = planned_order(deployment)
    go_live(deployment, vault)
    assert live_keys.NO_ATTESTATION in ask(order).missing_live_keys


def test_a_vault_whose_switch_is_missing_is_halted(live):
    deployment, vault = live
    order = planned_order(deployment)
    go_live(deployment, vault)
    TradingState.objects.filter(scope="CHAIN").delete()
    decision = ask(order)
    assert decision.switch_state == "HALTED"
    assert decision.switch_scope == "CHAIN 42161"


def test_a_live_deployment_has_no_venue(live):
    deployment = go_live(*live)
    with pytest.raises(Denied, match="no venue for real money") as caught:
        venue_for(deployment, market_data=cast(MarketData, None), clock=_Clock())
    assert caught.value.code == "live_refused"


class _Clock:
    simulated = False

    def now(self):
        return timezone.now()


def test_the_database_itself_stores_no_allowed_decision_with_a_missing_key(live):
    deployment, _ = live
    decision = ask(planned_order(deployment))
    assert decision.allowed
    decision.pk = None
    decision.missing_live_keys = ["something"]
    decision.order = planned_order(deployment, at=slot(1))
    with (
        pytest.raises(IntegrityError, match="guardrail_decision_live_needs_all_keys"),
        transaction.atomic(),
    ):
        decision.save(force_insert=True)


def test_a_live_deployment_without_a_vault_cannot_be_stored(live):
    deployment, _ = live
    with (
        pytest.raises(IntegrityError, match="deployment_live_needs_a_vault"),
        transaction.atomic(),
    ):
        Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", feed_clock=None)


def test_a_deployment_that_goes_live_between_plan_and_gate_is_refused_at_the_gate(live):
    deployment, vault = live
    order = Order.objects.select_related("deployment").get(pk=planned_order(deployment).pk)
    assert order.deployment.mode == "PAPER"
    go_live(deployment, vault)
    assert not ask(order).allowed
    assert GuardrailDecision.objects.get().missing_live_keys
