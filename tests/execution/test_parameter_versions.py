"""Parameters: each change is a version that counts from the next cycle on and marks the record."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.urls import reverse
from django.utils import timezone

from atlas.approvals import decide_approval
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.models import ApprovalRequest, AuditEvent
from execution import limit_changes
from execution.inputs import stored
from execution.mandates import mandate_of, parameters_in_force
from execution.models import Deployment, ParameterVersion
from execution.parameter_changes import change_or_ask, change_parameters
from execution.track_marks import marks_of
from execution.vocabulary import InputKind
from onchain.models import Vault
from strategies.rules.parameters import ParameterProblems
from tests.console.conftest import client_of  # noqa: F401  # people with their roles
from tests.execution.world import (
    ACTOR,
    WALL,
    make_deployment,
    open_switches,
    recording,
    run,
    slot,
    waves,
)

pytestmark = pytest.mark.django_db
MARKET = recording(waves())
LATER = WALL + timedelta(hours=1)


@pytest.fixture
def deployment():
    made = make_deployment()
    open_switches()
    return made


def change(deployment, now=WALL, **parameters):
    return change_parameters(
        deployment, parameters=parameters, reason="a review", actor=ACTOR, now=now
    )


def seen_by(cycle) -> dict[str, Any]:
    content = stored(cycle, InputKind.PARAMETERS)
    assert content is not None
    return dict(content["parameters"])


def test_a_change_is_a_version_and_what_is_not_named_stays(deployment):
    row = change(deployment, slow_bars=5)
    assert (row.version, row.parameters["slow_bars"], row.parameters["fast_bars"]) == (2, 5, 2)
    assert change(deployment, fast_bars=4).parameters["slow_bars"] == 5
    deployment.refresh_from_db()
    assert deployment.parameters["slow_bars"] == 3  # version 1 stays as it was
    event = AuditEvent.objects.filter(action="parameters.change").earliest("pk")
    assert event.before is not None
    assert event.after is not None
    assert (event.before["slow_bars"], event.after["slow_bars"]) == (3, 5)
    assert event.reason == "a review"


def test_no_version_is_ever_edited(deployment):
    row = change(deployment, slow_bars=5)
    for act in (lambda: ParameterVersion.objects.update(reason="another"), row.delete):
        with pytest.raises(DatabaseError), transaction.atomic():
            act()


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"slow_bars": 501}, "slow_bars must be a whole number from 3 to 500, not 501"),
        ({"speed": 1}, "speed is unknown"),
        ({"fast_bars": 9}, "fast_bars"),
    ],
)
def test_what_the_rule_does_not_allow_is_refused_with_the_range(deployment, parameters, said):
    with pytest.raises(ParameterProblems, match=said):
        change(deployment, **parameters)
    assert not ParameterVersion.objects.exists()


def test_a_change_of_nothing_or_without_a_reason_is_refused(deployment):
    with pytest.raises(ConflictingState, match="nothing to change"):
        change(deployment, slow_bars=3)
    with pytest.raises(InvalidInput, match="reason"):
        change_parameters(
            deployment, parameters={"slow_bars": 5}, reason=" ", actor=ACTOR, now=WALL
        )


def test_cycles_go_by_the_version_that_was_there_when_they_began(deployment):
    first = run(deployment, MARKET, slot(0))
    change(deployment, now=LATER, slow_bars=5)
    begun_before = run(deployment, MARKET, slot(14))
    after = run(deployment, MARKET, slot(15), read=lambda: LATER)
    assert [seen_by(one)["slow_bars"] for one in (first, begun_before, after)] == [3, 3, 5]
    assert mandate_of(deployment, at=WALL).warm_up_bars < mandate_of(deployment).warm_up_bars


def test_changes_of_parameters_and_limits_mark_the_series(deployment, client_of):  # noqa: F811
    run(deployment, MARKET, slot(0))
    run(deployment, MARKET, slot(1))
    change(deployment, now=LATER, slow_bars=5)
    run(deployment, MARKET, slot(14), read=lambda: LATER)
    run(deployment, MARKET, slot(15), read=lambda: LATER)
    limit_changes.change_limits(
        deployment=deployment,
        limits={"max_drawdown_ratio": "0.2"},
        reason="tighter",
        actor=ACTOR,
        now=LATER + timedelta(hours=1),
    )
    told = [(one.kind, one.version, one.as_of_at) for one in marks_of(deployment)]
    assert told == [("parameters", 2, slot(14)), ("limits", 2, None)]
    page = reverse("admin:execution_deployment_change", args=[deployment.pk])
    text = client_of("viewer").get(page).content.decode()
    assert text.count('class="ak-mark"') == 1
    assert "parameters v2: a review" in text
    assert "Parameters, version 2" in text
    assert "none yet" in text
    answer = client_of("superuser").get(f"/api/v1/deployments/{deployment.pk}/equity/").json()
    assert [(one["what"], one["version"]) for one in answer["marks"]] == told_pairs(told)
    detail = client_of("superuser").get(f"/api/v1/deployments/{deployment.pk}/").json()
    assert (detail["parameters_version"], detail["parameters"]["slow_bars"]) == (2, 5)


def told_pairs(told):
    return [(kind, version) for kind, version, _ in told]


def post(client, deployment, **values):
    path = reverse("admin:execution_deployment_change_parameters", args=[deployment.pk])
    present = {name: str(value) for name, value in parameters_in_force(deployment).items()}
    sent = {"_form_submitted": "True", "reason": "a review", **present, **values}
    return client.post(path, sent, follow=True)


def test_the_form_is_made_from_the_rule_and_says_what_is_allowed(deployment, client_of):  # noqa: F811
    client = client_of("trader")
    path = reverse("admin:execution_deployment_change_parameters", args=[deployment.pk])
    text = client.get(path).content.decode()
    assert "Period of the slower average" in text
    assert "A whole number from 3 to 500." in text
    answer = post(client, deployment, slow_bars="999").content.decode()
    assert "slow_bars must be a whole number from 3 to 500" in answer
    assert not ParameterVersion.objects.exists()
    answer = post(client, deployment, slow_bars="7").content.decode()
    assert "Version 2 counts from the next cycle on." in answer
    assert parameters_in_force(deployment)["slow_bars"] == 7
    assert "nothing to change" in post(client, deployment).content.decode()
    assert client_of("risk").get(path).status_code == 403


def test_a_live_deployment_needs_a_second_person_over_exactly_this_change(deployment, client_of):  # noqa: F811
    vault = Vault.objects.create(
        chain_id=42161, address="0x" + "ab" * 20, name="Vault", created_at=WALL, updated_at=WALL
    )
    Deployment.objects.filter(pk=deployment.pk).update(mode="LIVE", vault=vault, feed_clock=None)
    deployment.refresh_from_db()
    with pytest.raises(NotAllowed, match="second person"):
        change(deployment, slow_bars=5)
    trader = client_of("trader")
    for _ in range(2):
        assert (
            "second person has been asked"
            in post(trader, deployment, slow_bars="5").content.decode()
        )
    (request,) = ApprovalRequest.objects.filter(kind="parameters.change")
    client_of("risk", name="second")
    second = Actor(name="second", user=User.objects.get(username="second"))
    decide_approval(request, approve=True, reason="ok", approver=second, now=timezone.now())
    asker = Actor(name="trader-person", user=User.objects.get(username="trader-person"))
    other = change_or_ask(
        deployment, parameters={"slow_bars": 6}, reason="x", actor=asker, now=timezone.now()
    )
    assert isinstance(other, ApprovalRequest)  # another change is another request
    assert not ParameterVersion.objects.exists()
    post(trader, deployment, slow_bars="5")
    assert ParameterVersion.objects.get().approval == request
    request.refresh_from_db()
    assert request.state == "USED"
