"""What an import keeps out: broken files, bad records and all that hangs on them."""

from decimal import Decimal
from typing import Any

import pytest

from atlas.domain.errors import InvalidInput
from atlas.domain.states import ImportState
from imports.apply import apply
from imports.models import ImportRun, ImportSource, StagedRecord
from strategies.models import (
    ImportedTrade,
    PerformancePoint,
    Strategy,
)
from tests.imports.builders import (
    benchmark,
    document,
    holding,
    point,
    report,
    strategy,
    trade,
    vault,
)
from tests.imports.world import ACTOR, NOW, issues_of, kinds_of

pytestmark = pytest.mark.django_db


def test_a_file_that_is_none_is_rejected_with_the_reason(world):
    run = world.run(b"{not json")
    assert run.state == ImportState.REJECTED
    assert issues_of(run) == [("error", "malformed")]
    assert "line 1" in run.failure
    assert run.ended_at == NOW


def test_a_file_that_turns_out_wrong_at_its_end_leaves_nothing_staged(world):
    run = world.run(document(counts={"trade": 7}))
    assert run.state == ImportState.REJECTED
    assert issues_of(run) == [("error", "wrong_count")]
    assert not StagedRecord.objects.filter(run=run).exists()
    assert not Strategy.objects.exists()


def bent() -> dict[str, Any]:
    """Make a file of two strategies with bad records in the second one."""
    points = [point(1), point(2, -1), point(3)]
    return document(
        strategies=[strategy(), strategy("beta", performance=points, trades=[trade(1, side="up")])]
    )


def test_bad_records_keep_the_whole_file_out_unless_the_rest_is_wanted(world):
    run = world.run(bent())
    assert run.state == ImportState.REJECTED
    assert run.rejected_count == 2
    assert "--allow-partial" in run.failure
    assert len(issues_of(run)) == 2
    assert not Strategy.objects.exists()


def test_the_rest_of_a_file_is_applied_where_that_is_allowed(world):
    run = world.run(bent(), allow_partial=True)
    assert run.state == ImportState.APPLIED_PARTIAL
    assert PerformancePoint.objects.filter(strategy__slug="beta").count() == 2
    assert not ImportedTrade.objects.filter(strategy__slug="beta").exists()
    rejected = StagedRecord.objects.filter(run=run, is_rejected=True)
    assert set(rejected.values_list("kind", "owner")) == {
        ("performance", "beta"),
        ("trade", "beta"),
    }


def test_a_dry_run_with_bad_records_can_be_applied_only_partially(world):
    run = world.run(bent(), is_dry_run=True)
    assert run.state == ImportState.REVIEWED
    with pytest.raises(InvalidInput, match="--allow-partial"):
        apply(run, actor=ACTOR, now=NOW)
    assert apply(run, allow_partial=True, actor=ACTOR, now=NOW).state == ImportState.APPLIED_PARTIAL


def test_a_snapshot_deletes_nothing_of_a_kind_in_which_a_record_was_bad(world):
    """The bad record may be the very row that would then be missed."""
    world.run(document())
    points = [point(1), point(2, -1), point(3, 1.02)]
    bad = strategy(performance=points, trades=[])
    run = world.run(document(strategies=[bad]), allow_partial=True)
    assert kinds_of(run)["performance"] == (0, 0, 2, 0)
    assert kinds_of(run)["trade"] == (0, 0, 0, 1)
    assert PerformancePoint.objects.count() == 3


@pytest.mark.parametrize(
    ("changes", "code", "lost"),
    [
        ({"strategies": [strategy(benchmark="dax")]}, "unknown_reference", {"strategy", "performance", "vault"}),
        ({"vaults": [vault(strategy="nobody")]}, "unknown_reference", {"vault", "vault_performance"}),
        ({"vaults": [vault(chain_id=5)]}, "unknown_reference", {"vault", "vault_performance"}),
        ({"benchmarks": [benchmark(name="")]}, "unknown_reference", {"benchmark", "benchmark_point", "strategy"}),
        ({"strategies": [strategy(status="asleep")]}, "unknown_owner", {"strategy", "performance", "claim"}),
        ({"strategies": [strategy(), strategy(name="Twice")]}, "duplicate_key", {"strategy"}),
        ({"strategies": [strategy(trades=[trade(1), trade(1)])]}, "duplicate_key", {"trade"}),
        ({"strategies": [strategy(holdings=[holding(), holding()])]}, "duplicate_key", {"holding"}),
        ({"strategies": [strategy(reports=[report(a=1), report(a=2)])]}, "duplicate_key", {"claim"}),
    ],
)  # fmt: skip
def test_what_leads_nowhere_or_comes_twice_is_rejected_with_all_that_hangs_on_it(
    world, changes, code, lost
):
    run = world.run(document(**changes))
    assert run.state == ImportState.REJECTED
    assert ("error", code) in issues_of(run)
    rejected = StagedRecord.objects.filter(run=run, is_rejected=True)
    assert lost <= set(rejected.values_list("kind", flat=True))
    good = StagedRecord.objects.filter(run=run, is_rejected=False)
    assert "benchmark" in set(good.values_list("kind", flat=True)) or "benchmark" in lost


def test_many_children_of_a_lost_strategy_are_one_issue_a_kind(world):
    run = world.run(document(strategies=[strategy(status="asleep")], vaults=[]))
    messages = [issue.message for issue in run.issues.filter(code="unknown_owner")]
    assert len(messages) == 4
    assert any(message.startswith("3 performance records belong to alpha") for message in messages)


def test_weights_that_do_not_add_up_are_flagged(world):
    holdings = [holding("ETH", 0.5), holding("USDC", 0.3)]
    run = world.run(document(strategies=[strategy(holdings=holdings)]))
    assert issues_of(run) == [("warning", "weights_do_not_sum")]
    assert run.state == ImportState.APPLIED


@pytest.mark.parametrize(
    ("setting", "issue"),
    [
        ("weight_tolerance_ratio", "weights_do_not_sum"),
        ("claim_tolerance_ratio", "claim_differs"),
    ],
)
def test_each_source_has_its_own_idea_of_what_agrees(world, setting, issue):
    holdings = [holding("ETH", 0.5), holding("USDC", 0.45)]
    claims = report(total_return_ratio=0.01)  # the points give 0.02
    content = document(strategies=[strategy(holdings=holdings, reports=[claims])])
    assert ("warning", issue) in issues_of(world.run(content, is_dry_run=True))
    ImportSource.objects.filter(name="file").update(**{setting: 1})
    ImportRun.objects.update(state="REJECTED")
    assert ("warning", issue) not in issues_of(world.run(content, is_dry_run=True))


def test_each_source_has_its_own_idea_of_a_jump(world):
    ImportSource.objects.filter(name="file").update(jump_threshold_ratio=Decimal("0.001"))
    run = world.run(document())
    assert ("warning", "jump") in issues_of(run)
    assert run.warning_count == 3
