"""A row of everything that has a page, made as the house makes it where that is possible."""

import tempfile
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.models import Group, User
from django.utils import timezone
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    SolarSchedule,
)

from atlas.alerts import raise_alert
from atlas.approvals import request_approval
from atlas.audit import Actor
from atlas.heartbeat import pulse
from atlas.models import (
    AlertDelivery,
    AlertNotice,
    AuditEvent,
    AuditSeal,
    SignerAttestation,
    TradingState,
)
from atlas.schedules import ensure_schedules
from execution.models import Order, PaperCharge
from execution.parameter_changes import change_parameters
from imports.models import FetchedObject
from imports.storage import ContentStore
from onchain.addresses import read_contract_file
from onchain.contract_sets import load_contract_set
from onchain.models import Chain, RpcEndpoint, RpcNodeHealth
from strategies.models import CatalogueVersion, ImportedTrade, ReportClaim
from strategies.services import ensure_defaults
from tests.execution.world import make_deployment, open_switches, recording, run, slot, waves
from tests.factories import BenchmarkFactory, MetricsSnapshotFactory, VaultFactory
from tests.imports.builders import document, strategy
from tests.imports.world import World
from tests.keys import make_key
from tests.onchain.test_addresses import content

NOW = timezone.now()
ACTOR = Actor.system("test")


def furnish() -> None:
    """Put a row of everything into the house."""
    _trade()
    _publish()
    _import()
    _govern()
    _schedule()
    _connect()


def _trade() -> None:
    """Run cycles until something was traded."""
    deployment = make_deployment()
    open_switches()
    made = recording(waves())
    for index in range(8):
        run(deployment, made, slot(index))
    change_parameters(
        deployment, parameters={"slow_bars": 4}, reason="a review", actor=ACTOR, now=NOW
    )
    PaperCharge.objects.create(
        account=deployment.paper_account,
        order=Order.objects.filter(deployment=deployment).earliest("created_at"),
        amount_usd=1,
        at=NOW,
        recorded_at=NOW,
    )


def _publish() -> None:
    snapshot = MetricsSnapshotFactory.create()
    BenchmarkFactory.create()
    VaultFactory.create()
    ensure_defaults()
    assert Chain.objects.exists()
    assert CatalogueVersion.objects.exists()
    ImportedTrade.objects.create(
        strategy=snapshot.strategy,
        external_id="t-1",
        market="ETH/USD",
        side="long",
        opened_at=NOW,
        entry_price_usd=2000,
        size_usd=100,
        result="open",
    )
    ReportClaim.objects.create(
        strategy=snapshot.strategy, source="backtest", metric="sharpe", value=1.5, claimed_at=NOW
    )


def _import() -> None:
    """Bring in a file, then a changed one, then one that nobody can read."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(ContentStore(Path(folder)))
        world.run(document())
        changed = world.run(document(strategies=[strategy(name="Another name")]))
        refused = world.run(b"{")
    assert (changed.state, refused.state) == ("APPLIED", "REJECTED")
    FetchedObject.objects.create(
        source=changed.source, name="export.json", size_bytes=100, fetched_at=NOW, run=changed
    )


def _connect() -> None:
    """Load reviewed contracts and name a node of their chain."""
    made = load_contract_set(read_contract_file(content()), actor=ACTOR, now=NOW)
    chain = made.contract_set.chain
    RpcEndpoint.objects.create(chain=chain, name="first", priority=1, weight=1)
    RpcNodeHealth.objects.create(chain=chain, name="first", answers=1, head_block=1, seen_at=NOW)


def _govern() -> None:
    """Ask for something, seal something, be alive."""
    user, _ = User.objects.get_or_create(username="requester", is_superuser=True)
    Group.objects.get_or_create(name="viewer")
    switch = TradingState.objects.get(scope="GLOBAL")
    request_approval(
        kind="switch.restore",
        subject=("atlas.tradingstate", str(switch.pk)),
        change={"scope": "GLOBAL", "key": "", "to": "ACTIVE", "epoch": 1},
        reason="a test asks",
        requester=Actor(name="requester", user=user),
        now=NOW,
    )
    event = AuditEvent.objects.latest("pk")
    AuditSeal.objects.create(
        first_event=event,
        last_event=event,
        event_count=1,
        previous_hash="0x" + "0" * 64,
        seal_hash="0x" + "1" * 64,
        sealed_at=NOW,
    )
    SignerAttestation.objects.create(
        attested_at=NOW,
        host="signer-1",
        process_id=1,
        code_version="test",
        holds_key=False,
        live_trading=False,
    )
    make_key(owner=user)
    pulse(["beat"], now=NOW)
    number = raise_alert(
        "import_missed", subject=("imports.importsource", "1"), message="It is late.", now=NOW
    )
    notice = AlertNotice.objects.create(
        alert_id=number,
        number=1,
        occasion="NEW",
        severity="WARNING",
        count=1,
        title="An expected import did not come",
        body="It is late.",
        waiting_since=NOW,
        made_at=NOW,
    )
    AlertDelivery.objects.create(notice=notice, channel="ops", state="SENT", sent_at=NOW)


def _schedule() -> None:
    ensure_schedules(now=NOW)
    ClockedSchedule.objects.create(clocked_time=NOW + timedelta(days=1))
    CrontabSchedule.objects.create(minute="5")
    SolarSchedule.objects.create(event="sunrise", latitude=1, longitude=1)
    assert IntervalSchedule.objects.exists()
