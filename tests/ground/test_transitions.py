"""The lifecycle tables and the one function that moves along them."""

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from atlas.domain.errors import ConflictingState, IllegalTransition
from atlas.domain.states import (
    APPROVAL_TRANSITIONS,
    LIFECYCLES,
    SWITCH_ALLOWS,
    ApprovalState,
    PermitKind,
    SwitchState,
)
from atlas.models import ApprovalRequest
from atlas.transitions import move

PAIRS = [
    (name, old, new)
    for name, table in LIFECYCLES.items()
    for old, new in itertools.product(table, table)
]


@pytest.mark.parametrize("name", LIFECYCLES)
def test_every_state_that_can_be_reached_has_a_row_of_its_own(name):
    table = LIFECYCLES[name]
    reached = set().union(*table.values())
    assert reached <= set(table)


@pytest.mark.parametrize(("name", "old", "new"), PAIRS)
def test_a_pair_is_moved_exactly_where_its_table_allows_it(name, old, new):
    class Found:
        """Stand for one row that is still in the state it shows."""

        @staticmethod
        def filter(**_):
            return Found

        @staticmethod
        def update(**_):
            return 1

    class Row:
        pk = 1
        state = old
        _default_manager = Found

    row: Any = Row()
    if new in LIFECYCLES[name][old]:
        assert move(row, new, LIFECYCLES[name]).state == new
        return
    with pytest.raises(IllegalTransition, match=f"from {old} to {new}"):
        move(row, new, LIFECYCLES[name])


@pytest.mark.django_db
def test_a_row_that_somebody_else_moved_first_is_a_conflict_and_stays_as_it_is():
    now = timezone.now()
    request = ApprovalRequest.objects.create(
        kind="test",
        subject_type="t",
        subject_id="1",
        change={},
        change_hash="0x1",
        reason="because",
        requester=User.objects.create_user("asker"),
        requested_at=now,
        expires_at=now + timedelta(minutes=1),
    )
    stale = ApprovalRequest.objects.get(pk=request.pk)
    move(request, ApprovalState.REJECTED, APPROVAL_TRANSITIONS)
    with pytest.raises(ConflictingState, match="no longer PENDING"):
        move(stale, ApprovalState.VOID, APPROVAL_TRANSITIONS)
    request.refresh_from_db()
    assert request.state == ApprovalState.REJECTED


def test_the_tighter_the_switch_the_fewer_kinds_may_leave():
    active, reducing, halted = (SWITCH_ALLOWS[state] for state in SwitchState)
    assert halted < reducing < active
    assert active == frozenset(PermitKind)
    assert halted == {PermitKind.CANCEL, PermitKind.BURN}
    assert PermitKind.INCREASE not in reducing
    assert PermitKind.REDUCE in reducing
