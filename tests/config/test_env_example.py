"""The example of the environment is made from the code and is complete."""

import pytest

from config import env_example
from config.env import Environment, known_names, read_environment


@pytest.fixture
def example(tmp_path, monkeypatch):
    path = tmp_path / ".env.example"
    monkeypatch.setattr(env_example, "EXAMPLE", path)
    return path


def assignments(text):
    lines = [line.removeprefix("#") for line in text.splitlines() if "ATLAS_" in line]
    return dict(line.split("=", 1) for line in lines if line.startswith("ATLAS_"))


def test_the_committed_example_is_what_the_code_says(capsys):
    assert env_example.main(["--check"]) == 0, capsys.readouterr().err


def test_it_is_written_and_then_passes_the_check(example):
    assert env_example.main([]) == 0
    assert env_example.main(["--check"]) == 0


@pytest.mark.parametrize("found", [None, "", "ATLAS_DEBUG=true\n"])
def test_a_missing_or_different_example_fails_the_check_and_is_left_alone(example, capsys, found):
    if found is not None:
        example.write_text(found)
    assert env_example.main(["--check"]) == 1
    assert "config.env_example" in capsys.readouterr().err
    assert example.exists() == (found is not None)


def test_an_unknown_argument_is_refused(capsys):
    assert env_example.main(["--chekc"]) == 2
    assert "Usage" in capsys.readouterr().err


def test_every_setting_stands_in_it_with_its_help():
    text = env_example.example_text()
    assert set(assignments(text)) == known_names()
    for field in Environment.model_fields.values():
        assert str(field.description) in text


def test_its_defaults_are_the_defaults_and_no_place_of_this_machine():
    given = {
        name: value for name, value in assignments(env_example.example_text()).items() if value
    }
    required = {
        "ATLAS_SECRET_KEY": "s" * 50,
        "ATLAS_DATABASE_URL": "postgresql://app@db/atlas",
        "ATLAS_REDIS_URL": "redis://cache/0",
    }
    bare = read_environment(required).model_dump(exclude={"state_dir", "market_data_dir"})
    full = read_environment({**given, **required})
    assert full.model_dump(exclude={"state_dir", "market_data_dir"}) == bare
    assert not full.state_dir.is_absolute()
    assert not full.market_data_dir.is_absolute()
