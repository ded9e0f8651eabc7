"""Where servers keep their data and as whom they run, for root and for everybody else."""

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from atlas.embedded.checkout import Checkout, make_folder, read_record, write_private
from atlas.embedded.credentials import Credentials, kept_credentials
from atlas.embedded.places import (
    location_record,
    refuse_strangers_folder,
    service_root,
    system_folder,
)
from atlas.embedded.problems import CannotStart, from_os_error
from atlas.embedded.reset import reset
from atlas.embedded.service_user import ServiceUser, choose_service_user

AS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not AS_ROOT, reason="only root can play root")
needs_user = pytest.mark.skipif(AS_ROOT, reason="root is refused nothing")
MYSELF = ServiceUser(os.geteuid(), os.getegid(), is_other=False)


@pytest.fixture
def checkout(tmp_path) -> Checkout:
    it = Checkout(tmp_path / "a checkout")
    it.make_state()
    return it


@pytest.fixture
def passable() -> Iterator[Checkout]:
    """A checkout that every user may pass through."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        it = Checkout(Path(folder) / "a checkout")
        it.root.mkdir(mode=0o755)
        it.make_state()
        yield it


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_state_is_closed_to_other_users(checkout):
    assert mode(checkout.state) == (0o711 if AS_ROOT else 0o700)
    write_private(checkout.state / "x.json", {"a": 1})
    assert mode(checkout.state / "x.json") == 0o600


def test_a_private_file_is_written_whole_or_not_at_all(checkout):
    path = checkout.state / "x.json"
    write_private(path, {"a": 1})
    with pytest.raises(TypeError):
        write_private(path, {"a": object()})
    assert read_record(path) == {"a": 1}


def test_a_checkout_keeps_its_passwords_and_another_has_others(checkout, tmp_path):
    record = checkout.state / "credentials.json"
    first = kept_credentials(record)
    assert mode(record) == 0o600
    assert vars(kept_credentials(record)) == vars(first)
    assert vars(kept_credentials(tmp_path / "other.json")) != vars(first)


def test_no_two_passwords_are_alike_and_all_are_long(checkout):
    drawn: Credentials = kept_credentials(checkout.state / "credentials.json")
    secrets = [value for name, value in vars(drawn).items() if name != "serial"]
    assert len(set(secrets)) == len(secrets)
    assert min(len(secret) for secret in secrets) >= 32
    assert len(drawn.secret_key) >= 50
    assert drawn.app_password not in repr(drawn)


def test_half_a_set_of_passwords_is_drawn_anew(checkout):
    record = checkout.state / "credentials.json"
    write_private(record, {"serial": "s", "app_password": "p"})
    assert kept_credentials(record).app_password != "p"


@needs_user
def test_an_ordinary_user_runs_the_servers_as_themselves(tmp_path):
    user = choose_service_user({"SUDO_UID": "12345"}, data=tmp_path / "data")
    assert user == MYSELF


@needs_root
def test_root_steps_down_to_nobody(tmp_path):
    user = choose_service_user({}, data=tmp_path / "data")
    assert user.is_other
    assert user.uid != 0
    assert user.runs(["/bin/sh", "-c", f"test $(id -u) = {user.uid}"])


@needs_root
def test_root_steps_down_to_the_user_who_called_sudo(tmp_path):
    nobody = choose_service_user({}, data=tmp_path / "data")
    user = choose_service_user({"SUDO_UID": str(nobody.uid)}, data=tmp_path / "data")
    assert user.uid == nobody.uid
    unknown = choose_service_user({"SUDO_UID": "987654"}, data=tmp_path / "data")
    assert unknown.uid == nobody.uid


@needs_root
def test_root_keeps_the_owner_of_data_that_exists(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    os.chown(data, 1, 1)
    assert choose_service_user({}, data=data).uid == 1


def test_a_reachable_checkout_keeps_its_own_data(passable):
    user = choose_service_user({}, data=passable.state / "run" / "data")
    assert service_root(passable, user) == passable.state
    assert read_record(location_record(passable)) == {"folder": str(passable.state)}


@needs_root
def test_root_keeps_data_where_its_servers_can_reach_it(passable):
    nobody = choose_service_user({}, data=passable.state / "run" / "data")
    passable.root.chmod(0o700)
    place = service_root(passable, nobody)
    try:
        assert place == system_folder(passable)
        assert nobody.can_enter(place)
        assert mode(place) == 0o711
        passable.root.chmod(0o755)
        assert service_root(passable, nobody) == place, "the place must not move with a permission"
        assert reset(passable) == 0
        assert not place.exists()
    finally:
        if place.exists():
            place.rmdir()


@needs_root
def test_a_place_that_became_unreachable_is_a_sentence(passable):
    nobody = choose_service_user({}, data=passable.state / "run" / "data")
    assert service_root(passable, nobody) == passable.state
    passable.root.chmod(0o700)
    with pytest.raises(CannotStart, match="can no longer reach"):
        service_root(passable, nobody)


def test_a_folder_that_others_may_write_to_is_not_trusted(tmp_path):
    folder = tmp_path / "atlas-0123"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(CannotStart, match="others may write to it"):
        refuse_strangers_folder(folder)


def test_a_link_in_the_place_of_our_folder_is_not_trusted(tmp_path):
    make_folder(tmp_path / "target")
    (tmp_path / "atlas-0123").symlink_to(tmp_path / "target")
    with pytest.raises(CannotStart):
        refuse_strangers_folder(tmp_path / "atlas-0123")


@needs_root
def test_a_folder_of_somebody_else_is_not_trusted(tmp_path):
    folder = make_folder(tmp_path / "atlas-0123")
    os.chown(folder, 1, 1)
    with pytest.raises(CannotStart, match="made by somebody else"):
        refuse_strangers_folder(folder)


@needs_user
def test_a_read_only_folder_is_a_sentence(tmp_path):
    tmp_path.chmod(0o555)
    with pytest.raises(PermissionError) as refused:
        Checkout(tmp_path).make_state()
    assert "read-only" in from_os_error(refused.value, doing="the set-up").message
    tmp_path.chmod(0o755)


@pytest.mark.parametrize(
    ("number", "meaning"),
    [
        (28, "No disk space left"),
        (30, "file system is read-only"),
        (13, "belongs to another user"),
        (5, "Remove the cause"),
    ],
)
def test_a_refusal_of_the_system_becomes_one_sentence(number, meaning):
    problem = OSError(number, os.strerror(number), "/some/folder")
    sentence = from_os_error(problem, doing="the set-up").message
    assert meaning in sentence
    assert "/some/folder" in sentence
    assert "\n" not in sentence


def test_a_reset_removes_what_was_made_and_nothing_else(checkout):
    for name in ("run/data", "test-0/data", "storage/x"):
        (checkout.state / name).mkdir(parents=True)
    (checkout.state / "notes-of-mine").mkdir()
    (checkout.root / ".venv").mkdir()
    assert reset(checkout) == 0
    assert not (checkout.state / "run").exists()
    assert not (checkout.state / "test-0").exists()
    assert not (checkout.state / "storage").exists()
    assert (checkout.state / "notes-of-mine").exists()
    assert (checkout.root / ".venv").exists()


def test_a_reset_of_a_checkout_that_never_ran_says_so(tmp_path, capsys):
    assert reset(Checkout(tmp_path)) == 0
    assert "Nothing to wipe" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["run.lock", "test-3.lock"])
def test_a_reset_while_something_runs_wipes_nothing(checkout, name):
    from atlas.embedded.locks import Lock

    (checkout.state / "run" / "data").mkdir(parents=True)
    lock = Lock(checkout.state / name)
    lock.take()
    with pytest.raises(CannotStart, match="nothing was wiped"):
        reset(checkout)
    lock.release()
    assert (checkout.state / "run" / "data").exists()
