"""The demo: operators whose passwords are shown once, and strategies that trade on paper."""

from io import StringIO

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.utils import timezone

from atlas import demo
from atlas.domain.states import SwitchState
from atlas.models import AuditEvent, TradingState
from atlas.roles import ROLES, ensure_roles
from atlas.switches import tighten
from execution.demo import DEMO_MARKETS, create_demo_deployments
from execution.models import Deployment
from imports.synthetic_catalogue import SAMPLE
from tests.factories import StrategyFactory

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def embedded(settings):
    settings.ATLAS_EMBEDDED = True


@pytest.fixture
def strategies():
    shipped = {spec.slug: spec for spec in SAMPLE}
    for slug in DEMO_MARKETS:
        spec = shipped[slug]
        StrategyFactory(slug=slug, rule=spec.rule, parameters=dict(spec.parameters))


def run(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue()


def test_each_role_has_exactly_its_permissions_and_extra_ones_are_taken_back():
    ensure_roles()
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)
    viewer = Group.objects.get(name="viewer")
    assert all(p.codename.startswith("view_") for p in viewer.permissions.all())
    viewer.permissions.add(Permission.objects.get(codename="restore_trading"))
    ensure_roles()
    assert not viewer.permissions.filter(codename="restore_trading").exists()


@pytest.mark.parametrize(
    ("role", "may", "may_not"),
    [
        ("viewer", "atlas.view_auditevent", "atlas.halt_trading"),
        ("analyst", "strategies.change_strategy", "atlas.halt_trading"),
        ("trader", "atlas.halt_trading", "atlas.restore_trading"),
        ("risk", "atlas.restore_trading", "auth.change_user"),
        ("admin", "auth.change_user", "atlas.restore_trading"),
    ],
)
def test_no_role_does_the_work_of_another(role, may, may_not):
    ensure_roles()
    user = User.objects.create_user("someone")
    user.groups.add(Group.objects.get(name=role))
    assert user.has_perm(may)
    assert not user.has_perm(may_not)


def test_passwords_are_shown_once_and_stored_as_hashes_only(embedded, strategies):
    first, second = run("demo_setup"), run("demo_setup")
    shown = {line.split()[0]: line.split()[1] for line in first.splitlines() if "role" in line}
    assert shown.keys() == demo.OPERATORS.keys()
    assert "role" not in second
    for name, password in shown.items():
        user = User.objects.get(username=name)
        assert user.check_password(password)
        assert password not in user.password
    assert not any(password in repr(AuditEvent.objects.all()) for password in shown.values())


def test_a_password_that_was_lost_is_replaced(embedded, strategies):
    run("demo_setup")
    name, password = run("reset_demo_password", "demo-risk").split()
    assert User.objects.get(username=name).check_password(password)


def test_only_demo_operators_get_a_password_this_way(embedded):
    User.objects.create_user("real")
    with pytest.raises(CommandError, match="is no demo operator"):
        run("reset_demo_password", "real")


def test_where_real_people_work_there_is_no_demo(settings):
    settings.ATLAS_EMBEDDED = False
    settings.DEBUG = False
    with pytest.raises(CommandError, match="make run"):
        run("demo_setup")
    assert not User.objects.filter(username__startswith="demo-").exists()


def test_the_demo_strategies_trade_on_paper_with_their_switches_free(strategies):
    created = create_demo_deployments(now=NOW)
    assert {one.mode for one in created} == {"PAPER"}
    assert len({one.rule for one in created}) >= 5
    assert set(TradingState.objects.values_list("state", flat=True)) == {"ACTIVE"}
    assert create_demo_deployments(now=NOW) == []
    assert Deployment.objects.count() == len(created)


def test_a_switch_that_a_person_threw_stays_thrown(strategies):
    tighten(
        scope=("MARKET", "ETH/USD"),
        state=SwitchState.HALTED,
        reason="not today",
        actor=demo.DEMO_ACTOR,
        now=NOW,
    )
    row = TradingState.objects.get(scope="MARKET", key="ETH/USD")
    row.changes.create(
        before="ACTIVE", after="HALTED", reason="not today", actor="ann", epoch=99, changed_at=NOW
    )
    create_demo_deployments(now=NOW)
    row.refresh_from_db()
    assert row.state == "HALTED"


def test_without_its_strategies_the_demo_is_only_its_people(embedded):
    run("demo_setup")
    assert Deployment.objects.count() == 0
    assert TradingState.objects.get(scope="GLOBAL").state == "HALTED"
