"""Reviewed contracts are loaded once, never silently changed, and replaced by two persons."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import orjson
import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, ProgrammingError, transaction

from atlas.approvals import decide_approval
from atlas.audit import Actor
from atlas.domain.errors import ConflictingState, InvalidInput, NotAllowed
from atlas.models import ApprovalRequest, AuditEvent
from onchain.addresses import ContractRole, read_contract_file
from onchain.contract_sets import (
    Loaded,
    addresses_of,
    ask_second_person,
    in_use,
    layout_of_reader,
    load_contract_set,
)
from onchain.gmx.layouts import Layout
from onchain.models import Chain, ContractSet, Market, PinnedContract, Token
from onchain.vocabulary import CONTRACT_SET_TRANSITIONS, ContractSetState
from tests.factories import UserFactory
from tests.onchain.test_addresses import FILES, OTHER, content

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ACTOR = Actor.system("test")
SEPOLIA = 421614


def loaded(data=None, *, now=NOW):
    return load_contract_set(read_contract_file(data or content()), actor=ACTOR, now=now)


def with_other_reader(address=OTHER):
    data = content()
    for row in data["contracts"]:
        if row["role"] == "reader":
            row["address"] = address
    return data


def person():
    user = UserFactory.create(is_superuser=True)
    return Actor(name=user.get_username(), user=user)


def agreed(contract_set, *, approve=True):
    request = ask_second_person(contract_set, reason="rotated", requester=person(), now=NOW)
    return decide_approval(request, approve=approve, reason="seen", approver=person(), now=NOW)


def test_the_first_set_is_in_use_with_its_tokens_and_markets():
    result = loaded()
    assert (result.outcome, result.new_tokens, result.new_markets) == (Loaded.IN_USE, 9, 9)
    assert in_use(SEPOLIA, "v2.2c") == result.contract_set
    assert result.contract_set.version == 1
    assert addresses_of(result.contract_set)[ContractRole.READER].startswith("0x92659f")
    assert AuditEvent.objects.filter(action="contract_set.load").count() == 1


def test_loading_again_changes_nothing():
    first = loaded()
    again = loaded(now=NOW + timedelta(days=1))
    assert again.contract_set == first.contract_set
    assert (again.outcome, again.new_tokens, again.new_markets) == (Loaded.UNCHANGED, 0, 0)
    assert ContractSet.objects.count() == 1


def test_a_differing_set_waits_and_the_old_one_stays_in_use():
    first = loaded().contract_set
    result = loaded(with_other_reader())
    assert (result.outcome, result.contract_set.version) == (Loaded.WAITING, 2)
    assert in_use(SEPOLIA, "v2.2c") == first
    assert loaded(with_other_reader()).outcome is Loaded.WAITING
    assert ContractSet.objects.count() == 2


def test_two_persons_put_the_new_set_in_the_place_of_the_old_one():
    first = loaded().contract_set
    second = loaded(with_other_reader()).contract_set
    approver = agreed(second).approver
    assert approver is not None
    assert loaded(with_other_reader()).outcome is Loaded.IN_USE
    assert in_use(SEPOLIA, "v2.2c") == second
    second.refresh_from_db()
    first.refresh_from_db()
    assert second.accepted_by == approver.get_username()
    assert (first.state, first.ended_at) == (ContractSetState.RETIRED, NOW)
    assert ApprovalRequest.objects.get().state == "USED"


def test_one_person_alone_changes_nothing():
    loaded()
    second = loaded(with_other_reader()).contract_set
    alone = person()
    request = ask_second_person(second, reason="rotated", requester=alone, now=NOW)
    with pytest.raises(NotAllowed):
        decide_approval(request, approve=True, reason="mine", approver=alone, now=NOW)
    assert loaded(with_other_reader()).outcome is Loaded.WAITING


def test_a_rejection_and_an_expired_word_change_nothing():
    loaded()
    second = loaded(with_other_reader()).contract_set
    agreed(second, approve=False)
    assert loaded(with_other_reader()).outcome is Loaded.WAITING
    agreed(second)
    late = NOW + timedelta(hours=1)
    assert loaded(with_other_reader(), now=late).outcome is Loaded.WAITING


def test_an_agreement_is_for_exactly_one_replacement():
    loaded()
    agreed(loaded(with_other_reader()).contract_set)
    third = with_other_reader("0x" + "22" * 20)
    assert loaded(third).outcome is Loaded.WAITING
    states = ContractSet.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == ["IN_USE", "REFUSED", "WAITING"]


def test_nobody_is_asked_twice_and_nothing_is_asked_of_a_set_in_use():
    first = loaded().contract_set
    with pytest.raises(ConflictingState, match="nothing waits"):
        ask_second_person(first, reason="x", requester=person(), now=NOW)
    second = loaded(with_other_reader()).contract_set
    ask_second_person(second, reason="x", requester=person(), now=NOW)
    with pytest.raises(ConflictingState, match="open already"):
        ask_second_person(second, reason="x", requester=person(), now=NOW)


def test_the_request_tells_both_addresses():
    loaded()
    second = loaded(with_other_reader()).contract_set
    request = ask_second_person(second, reason="x", requester=person(), now=NOW)
    before, after = request.change["addresses"]["reader"]
    assert (before[:8], after) == ("0x92659f", OTHER)
    assert set(request.change["addresses"]) == {"reader"}


def test_the_layout_is_chosen_by_the_readers_address():
    for path in FILES:
        loaded(orjson.loads(path.read_bytes()))
    one = {
        "0xfA26cBb46e2614609406de08CA1Dc7f70a684184": Layout.V2_2C,
        "0x470fbC46bcC0f16532691Df360A07d8Bf5ee0789": Layout.V2_2B,
    }
    for reader, layout in one.items():
        assert layout_of_reader(42161, reader) is layout
    with pytest.raises(ConflictingState, match="no reviewed set"):
        layout_of_reader(SEPOLIA, "0xfA26cBb46e2614609406de08CA1Dc7f70a684184")


def test_another_chain_needs_a_file_only():
    data = content()
    data["chain"] = {"id": 777_001, "name": "A fork", "is_local": True}
    assert loaded(data).outcome is Loaded.IN_USE
    assert Chain.objects.get(pk=777_001).is_local


@pytest.mark.parametrize(
    ("change", "words"),
    [({"is_local": True}, "known as"), ({"name": "Elsewhere"}, "known as")],
    ids=["local", "name"],
)
def test_a_known_chain_is_not_renamed_and_does_not_become_local(change, words):
    data = content()
    data["chain"] |= change
    with pytest.raises(ConflictingState, match=words):
        loaded(data)


def test_a_token_with_other_decimals_is_refused_and_nothing_is_stored():
    loaded()
    data = with_other_reader()
    data["tokens"][0]["decimals"] += 1
    with pytest.raises(ConflictingState, match="decimals"):
        loaded(data)
    assert ContractSet.objects.count() == 1


def test_a_market_with_other_tokens_is_refused():
    loaded()
    data = content()
    market = data["markets"][0]
    market["long_token"], market["short_token"] = market["short_token"], market["long_token"]
    with pytest.raises(ConflictingState, match="other tokens"):
        loaded(data)


def test_a_market_without_an_index_says_that_it_is_for_swaps():
    loaded(orjson.loads(FILES[1].read_bytes()))
    assert str(Market.objects.filter(index_token=None)[0]).startswith("swap only [")
    assert Token.objects.filter(chain_id=42161, symbol="BTC", is_synthetic=True).exists()


def test_there_is_no_set_in_use_before_one_is_loaded():
    with pytest.raises(ConflictingState, match="load a reviewed file"):
        in_use(SEPOLIA, "v2.2c")


def test_pinned_facts_cannot_be_changed_or_deleted():
    loaded()
    row = PinnedContract.objects.all()[0]
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        PinnedContract.objects.filter(pk=row.pk).update(address=OTHER)
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        Market.objects.all().delete()


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"state": "IN_USE", "version": 9}, "contract_set_one_in_use"),
        ({"state": "IN_USE", "generation": "x"}, "contract_set_version_once"),
        ({"content_hash": "0x1", "version": 9, "generation": "x"}, "contract_set_hash_form"),
        ({"layout": "v1", "version": 9, "generation": "x"}, "contract_set_layout_known"),
        ({"in_use_at": None, "version": 9, "generation": "y"}, "contract_set_use_has_a_time"),
        ({"ended_at": NOW, "version": 9, "generation": "z"}, "contract_set_end_has_a_time"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_database_refuses_what_makes_no_sense(changes, constraint):
    row = loaded().contract_set
    if constraint == "contract_set_version_once":
        changes = {"state": "WAITING", "in_use_at": None}
    row.pk = None
    row._state.adding = True
    for name, value in changes.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.save(force_insert=True)


def test_ends_have_no_way_out():
    assert CONTRACT_SET_TRANSITIONS[ContractSetState.RETIRED] == frozenset()
    assert set(CONTRACT_SET_TRANSITIONS) == set(ContractSetState)


def run(*arguments):
    out = StringIO()
    call_command("load_contract_set", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_loads_all_reviewed_files_and_again_says_unchanged():
    told = run(*FILES)
    assert told.count("in use") == 3
    assert "123 new tokens, 134 new markets" in told
    assert run(*FILES).count("unchanged") == 3


def test_the_command_checks_without_storing():
    assert "24 contracts are in order" in run("--check", FILES[0])
    assert not ContractSet.objects.exists()


def test_the_command_asks_in_a_persons_name(tmp_path):
    run(FILES[2])
    path = tmp_path / "rotated.json"
    path.write_bytes(orjson.dumps(with_other_reader()))
    user = UserFactory.create(is_superuser=True)
    told = run(path, "--ask", user.username, "--reason", "GMX rotated its Reader")
    assert "waits for another person" in told
    assert ApprovalRequest.objects.get().requester == user
    with pytest.raises(CommandError, match="no active person"):
        run(path, "--ask", "nobody", "--reason", "x")


@pytest.mark.parametrize(
    ("text", "words"), [("{", "no JSON"), ("{}", "contract set is refused")], ids=["json", "shape"]
)
def test_the_command_ends_with_two_for_a_bad_file(tmp_path, text, words):
    path = tmp_path / "bad.json"
    path.write_text(text)
    with pytest.raises(CommandError, match=words) as refusal:
        run(path)
    assert refusal.value.returncode == 2


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(CommandError, match=r"gone\.json cannot be read"):
        run("gone.json")


def test_a_request_needs_a_reason():
    loaded()
    with pytest.raises(InvalidInput, match="reason"):
        ask_second_person(
            loaded(with_other_reader()).contract_set, reason=" ", requester=person(), now=NOW
        )


def test_the_console_shows_sets_tokens_markets_and_endpoints(admin_client):
    result = loaded()
    for name in ("contractset", "token", "market", "rpcendpoint"):
        assert admin_client.get(f"/admin/onchain/{name}/").status_code == 200
    page = admin_client.get(f"/admin/onchain/contractset/{result.contract_set.pk}/change/")
    assert "0x92659fEf40582ceCC3CBa4D096d28291C238D358" in page.content.decode()
