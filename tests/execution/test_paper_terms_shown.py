"""Terms, charges and liquidations where people see them: command, API and console."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from execution import paper_markets
from execution.models import PaperCharge, Position
from tests.execution.test_paper_venue import world_of
from tests.execution.test_paper_venue_time import FIFTEEN, HOUR_SECONDS, opened, settled, submitted
from tests.execution.world import recording

pytestmark = pytest.mark.django_db


def set_terms(*given):
    out = StringIO()
    call_command("set_paper_terms", "ETH/USD", *given, stdout=out)
    return out.getvalue()


def test_the_command_writes_the_next_version_and_says_so():
    said = set_terms(
        "worsening_fee_bps=7", "funding_factor=0.00000003", "--source", "a page", "--reason", "new"
    )
    assert said == "ETH/USD v2: counts from the next execution on.\n"
    row = paper_markets.current_terms("ETH/USD")
    assert (row.worsening_fee_bps, row.source, row.reason) == (7, "a page", "new")
    assert row.created_by.startswith("shell:")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("worsening_fee_bps=many", "is not NAME=NUMBER"),
        ("worsening_fee_bps=1.5", "is a whole number"),
        ("worsening_fee_bps=5000", "must be 0 to 1000"),
        ("nonsense=1", "no terms named nonsense"),
    ],
)
def test_the_command_refuses_what_it_cannot_read(given, said):
    with pytest.raises(CommandError, match=said):
        set_terms(given, "--source", "a page", "--reason", "new")


def test_the_api_tells_the_liquidation_price_of_what_is_held(client):
    opened(recording([2000] * 20))
    (held,) = client.get("/api/v1/strategies/trend/positions/").json()["results"]
    assert 1000 < float(held["liquidation_price_usd"]) < 1100
    Position.objects.update(size_usd=0, size_tokens=0)
    (flat,) = client.get("/api/v1/strategies/trend/positions/").json()["results"]
    assert flat["liquidation_price_usd"] is None


def test_the_console_shows_terms_and_lost_fees(admin_client):
    world = world_of(recording([*FIFTEEN, 2050, 2050]), keeper_seconds=HOUR_SECONDS)
    settled(world, submitted(world))
    assert PaperCharge.objects.count() == 1
    for page, shown in (("papermarketterms", "ETH/USD"), ("papercharge", "0.20")):
        answer = admin_client.get(reverse(f"admin:execution_{page}_changelist"))
        assert answer.status_code == 200
        assert shown in answer.content.decode()
