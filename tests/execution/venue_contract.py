"""What any venue must keep, as tests: a venue is one when a subclass of `VenueContract` passes.

A subclass gives the fixture `world`: an account with money, open switches, a price of 2,000 USD.
Where a venue needs time to decide, `world.pass_time()` lets enough of it pass.
"""

from dataclasses import replace
from decimal import Decimal

import pytest

from atlas.domain.errors import ConflictingState
from atlas.domain.states import OrderState, PermitKind, PermitState
from execution import gate, settlement
from execution.models import Fill, Order
from execution.venues.base import Executed, Frozen, Pending, Refused
from tests.execution.orders import planned_order
from tests.execution.world import ACTOR, MARKET, WALL, slot


class VenueContract:
    """The promises of `execution.venues.base.Venue`."""

    @pytest.fixture
    def world(self):
        """Give an object with `deployment`, `venue`, `feed_at` and `pass_time`, each its own."""
        raise NotImplementedError

    def permitted(self, world, *, seen_usd=None, **values):
        """Let an order through the gate, which sees the price `seen_usd` where it has moved since."""
        order = planned_order(world.deployment, **values)
        snapshot = world.venue.snapshot()
        if seen_usd is not None:
            seen = replace(
                snapshot.quotes[MARKET], min_usd=Decimal(seen_usd), max_usd=Decimal(seen_usd)
            )
            snapshot = replace(snapshot, quotes={MARKET: seen})
        decision = gate.authorise(
            order,
            snapshot=snapshot,
            feed_at=world.feed_at,
            fencing_token=order.cycle.fencing_token,
            actor=ACTOR,
        )
        assert decision.allowed, decision.reason
        return order

    def submitted(self, world, **values):
        order = self.permitted(world, **values)
        world.venue.submit(order, now=order.permit.issued_at)
        return order

    def settle(self, world, order):
        world.pass_time()
        outcome = world.venue.outcome(order)
        return settlement.settle(order, outcome, simulated_time=True, actor=ACTOR, now=WALL)

    def test_the_account_is_named_in_every_snapshot(self, world):
        assert world.venue.snapshot().account == world.venue.account

    def test_a_snapshot_leaves_the_switch_to_the_gate(self, world):
        assert world.venue.snapshot().switch_state is None

    def test_looking_twice_changes_nothing(self, world):
        assert world.venue.snapshot() == world.venue.snapshot()

    def test_submitting_spends_the_permit(self, world):
        order = self.submitted(world)
        order.permit.refresh_from_db()
        assert (order.state, order.permit.state) == (OrderState.SUBMITTED, PermitState.CONSUMED)

    def test_an_order_without_a_permit_is_not_taken(self, world):
        order = planned_order(world.deployment)
        with pytest.raises(ConflictingState):
            world.venue.submit(order, now=WALL)

    def test_an_order_is_taken_once(self, world):
        order = self.submitted(world)
        again = Order.objects.get(pk=order.pk)
        with pytest.raises(ConflictingState):
            world.venue.submit(again, now=order.permit.issued_at)

    def test_a_permit_that_ran_out_is_worth_nothing(self, world):
        order = self.permitted(world)
        with pytest.raises(ConflictingState, match="expired"):
            world.venue.submit(order, now=order.permit.expires_at)

    def test_a_permit_for_another_intent_is_worth_nothing(self, world):
        order = self.permitted(world)
        order.intent_digest = "0" * 64
        with pytest.raises(ConflictingState, match="another intent"):
            world.venue.submit(order, now=order.permit.issued_at)

    def test_a_submitted_order_counts_as_working(self, world):
        before = world.venue.snapshot().working_orders
        self.submitted(world)
        assert world.venue.snapshot().working_orders == before + 1

    def test_asking_twice_what_became_of_an_order_gives_the_same_answer(self, world):
        order = self.submitted(world)
        assert world.venue.outcome(order) == world.venue.outcome(order)
        world.pass_time()
        decided = world.venue.outcome(order)
        assert isinstance(decided, Executed)
        assert world.venue.outcome(Order.objects.get(pk=order.pk)) == decided

    def test_an_outcome_can_be_asked_for_again_until_it_is_settled_and_settles_once(self, world):
        order = self.submitted(world)
        world.pass_time()
        outcome = world.venue.outcome(order)
        world.venue.snapshot()
        assert world.venue.outcome(order) == outcome
        second = Order.objects.get(pk=order.pk)
        settlement.settle(order, outcome, simulated_time=True, actor=ACTOR, now=WALL)
        before = world.venue.snapshot()
        with pytest.raises(ConflictingState):
            settlement.settle(second, outcome, simulated_time=True, actor=ACTOR, now=WALL)
        assert Fill.objects.count() == 1
        assert world.venue.snapshot() == before

    def test_a_pending_outcome_changes_nothing(self, world):
        order = self.submitted(world)
        before = world.venue.snapshot()
        settled = settlement.settle(order, Pending(), simulated_time=True, actor=ACTOR, now=WALL)
        assert settled is None
        assert order.state == OrderState.SUBMITTED
        assert world.venue.snapshot() == before

    def test_a_frozen_order_keeps_the_account_and_can_still_end(self, world):
        order = self.submitted(world)
        frozen = Frozen("frozen_by_keeper", "the keeper gave up")
        for _ in range(2):
            settlement.settle(order, frozen, simulated_time=True, actor=ACTOR, now=WALL)
        assert (order.state, order.final_at) == (OrderState.FROZEN, None)
        assert world.venue.snapshot().working_orders == 1
        refused = Refused("cancelled", "cancelled at the venue")
        settlement.settle(order, refused, simulated_time=True, actor=ACTOR, now=WALL)
        assert (order.state, order.cancel_name) == (OrderState.CANCELED, "cancelled")
        assert world.venue.snapshot().working_orders == 0

    def test_what_a_pending_order_holds_is_not_free_and_still_ours(self, world):
        before = world.venue.snapshot()
        order = self.submitted(world)
        pending = world.venue.snapshot()
        assert pending.cash_usd <= before.cash_usd - order.collateral_delta_usd
        assert pending.nav_usd == before.nav_usd

    def test_nothing_happens_without_an_order_while_prices_stand_still(self, world):
        assert world.venue.unordered() == ()
        self.settle(world, self.submitted(world))
        assert world.venue.unordered() == ()

    def test_an_executed_order_becomes_a_position_and_costs_money(self, world):
        before = world.venue.snapshot()
        order = self.submitted(world)
        fill = self.settle(world, order)
        after = world.venue.snapshot()
        position = after.position(order.market, is_long=order.is_long)
        assert position.size_usd == order.size_delta_usd == fill.size_delta_usd
        assert after.cash_usd < before.cash_usd - order.collateral_delta_usd
        assert after.nav_usd < before.nav_usd
        assert after.working_orders == 0

    def test_an_execution_is_named_for_ever_and_by_itself(self, world):
        first = self.submitted(world)
        world.pass_time()
        outcome = world.venue.outcome(first)
        self.settle(world, first)
        second = self.submitted(world, at=slot(1), signal_at=slot(0), pre_size_usd="100")
        assert isinstance(outcome, Executed)
        world.pass_time()
        other = world.venue.outcome(second)
        assert isinstance(other, Executed)
        assert outcome.execution_id != other.execution_id
        assert Fill.objects.get().execution_id == outcome.execution_id

    def test_a_full_close_leaves_the_account_flat(self, world):
        self.settle(world, self.submitted(world))
        close = self.submitted(
            world, at=slot(1), kind=PermitKind.REDUCE, pre_size_usd="100", collateral_usd="-50"
        )
        self.settle(world, close)
        snapshot = world.venue.snapshot()
        assert snapshot.positions == ()
        assert snapshot.nav_usd == snapshot.cash_usd

    def test_a_price_beyond_the_acceptable_one_is_refused_with_the_venues_word(self, world):
        order = self.submitted(world, acceptable_usd="1000", seen_usd="998")
        free = world.venue.snapshot().cash_usd
        world.pass_time()
        outcome = world.venue.outcome(order)
        assert isinstance(outcome, Refused)
        assert outcome.name
        assert "acceptable" in outcome.message
        self.settle(world, order)
        assert (order.state, order.cancel_name) == (OrderState.CANCELED, outcome.name)
        assert not Fill.objects.exists()
        assert world.venue.snapshot().cash_usd >= free + order.collateral_delta_usd

    def test_an_order_for_another_position_than_there_is_is_refused(self, world):
        order = self.submitted(world, pre_size_usd="70")
        world.pass_time()
        assert isinstance(world.venue.outcome(order), Refused)
