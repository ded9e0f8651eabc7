"""The import as operators meet it: options, words and exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from imports import cli
from imports.models import ImportRun
from strategies.models import Strategy
from tests.imports.builders import as_bytes, document, point, strategy

ROOT = Path(__file__).resolve().parents[2]


def bad_point() -> dict[str, Any]:
    points = [point(1), point(2, -5)]
    return document(strategies=[strategy(performance=points, reports=[])])


@pytest.mark.django_db
class TestTheManagementCommand:
    """In this process, for speed; the last class runs it for real."""

    def test_a_good_file_ends_with_0_and_a_table_of_what_changed(self, command, file):
        code, out, err = command("--file", file(document()))
        assert (code, err) == (0, "")
        assert "export.json: applied." in out
        assert "13 records, 0 rejected" in out
        assert any(line.split() == ["performance", "3", "0", "0", "0"] for line in out.split("\n"))

    def test_a_quiet_import_says_nothing_of_success(self, command, file):
        assert command("--file", file(document()), "--quiet") == (0, "", "")

    def test_a_quiet_import_tells_what_went_wrong(self, command, file):
        code, out, err = command("--file", file(bad_point()), "--quiet")
        assert (code, out) == (1, "")
        assert "nav_per_share_usd must be at least 1e-12" in err
        assert "Found: -5" in err
        assert "/strategies/0/performance/1" in err

    def test_a_file_that_is_no_export_ends_with_1(self, command, file):
        code, _, err = command("--file", file(b"hello"))
        assert code == 1
        assert "turned down, nothing applied" in err
        assert "begins with a JSON object" in err

    def test_the_rest_of_a_bad_file_ends_with_0_where_it_is_wanted(self, command, file):
        code, out, _ = command("--file", file(bad_point()), "--allow-partial")
        assert code == 0
        assert "applied without its bad records" in out

    def test_a_dry_run_says_how_to_go_on(self, command, file):
        code, out, _ = command("--file", file(document()), "--dry-run")
        run = ImportRun.objects.get()
        assert code == 0
        assert f"Apply it with --apply {run.pk}." in out
        assert not Strategy.objects.exists()
        code, out, _ = command("--apply", str(run.pk))
        assert code == 0
        assert Strategy.objects.exists()

    def test_a_dry_run_of_a_file_with_bad_records_ends_with_1(self, command, file):
        code, _, err = command("--file", file(bad_point()), "--dry-run")
        assert code == 1
        run = ImportRun.objects.get()
        code, _, err = command("--apply", str(run.pk))
        assert code == 1
        assert "--allow-partial" in err
        assert command("--apply", str(run.pk), "--allow-partial")[0] == 0

    def test_what_was_imported_is_put_back(self, command, file):
        command("--file", file(document()))
        run = ImportRun.objects.get()
        code, out, _ = command("--revert", str(run.pk), "--reason", "a mistake")
        assert (code, Strategy.objects.count()) == (0, 0)
        assert "put back" in out

    def test_a_conflict_ends_with_3(self, command, file):
        command("--file", file(document()))
        run = ImportRun.objects.get()
        code, _, err = command("--apply", str(run.pk))
        assert code == 3
        assert "APPLIED, not REVIEWED" in err

    @pytest.mark.parametrize("arguments", [("--file", "no-such-file"), ("--apply", "99999")])
    def test_what_is_not_there_ends_with_2(self, command, arguments):
        code, _, err = command(*arguments)
        assert code == 2
        assert arguments[1] in err

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("--file", "a", "--apply", "1"),
            ("--apply", "one"),
            ("--file", "a", "--format", "csv"),
            ("--file", "a", "--surprise"),
        ],
    )
    def test_wrong_use_is_an_error_of_use(self, command, arguments):
        with pytest.raises(CommandError):
            command(*arguments)

    def test_a_folder_that_cannot_be_written_ends_with_4(self, command, file, settings, tmp_path):
        settings.ATLAS_STORAGE_DIR = Path(file(b"", name="occupied"))
        code, _, err = command("--file", file(document()))
        assert code == 4
        assert "ATLAS_STORAGE_URL" in err

    def test_json_tells_everything_once(self, command, file):
        code, out, err = command("--file", file(bad_point()), "--json")
        told = json.loads(out)
        assert (code, told["exit_code"], err) == (1, 1, "")
        assert told["state"] == "REJECTED"
        (issue,) = [one for one in told["issues"] if one["severity"] == "error"]
        assert (issue["path"], issue["field"], issue["value"]) == (
            "/strategies/0/performance/1",
            "nav_per_share_usd",
            "-5",
        )
        assert told["kinds"]["performance"] == {
            "insert": 1,
            "update": 0,
            "unchanged": 0,
            "delete": 0,
        }
        assert set(told["seconds"]) == {"stage", "review"}

    def test_json_tells_errors_too(self, command):
        code, out, _ = command("--file", "no-such-file", "--json")
        assert json.loads(out)["error"]["code"] == "no_such_file"
        assert json.loads(out)["exit_code"] == code == 2

    def test_many_issues_are_counted_and_the_first_shown(self, command, file):
        points = [point(as_of_at=f"20{year}-01-01T00:00:00Z", nav=-1) for year in range(10, 25)]
        many = [strategy(f"s-{n}", performance=points, reports=[]) for n in range(10)]
        code, _, err = command("--file", file(document(strategies=many, vaults=[])))
        assert code == 1
        assert err.count("error:") == 50
        assert "and 100 more" in err


def environment(tmp_path) -> dict[str, str]:
    """Give a child process the test's database in the app's role, and a store of its own."""
    told = {
        **os.environ,
        "ATLAS_PROCESS": "command",
        "ATLAS_STORAGE_URL": str(tmp_path / "storage"),
    }
    told["DJANGO_SETTINGS_MODULE"] = "config.settings.test"
    for name in ("ATLAS_DATABASE_URL", "ATLAS_MIGRATE_DATABASE_URL"):
        parts = urlsplit(told[name])
        told[name] = urlunsplit(parts._replace(path=f"/{connection.settings_dict['NAME']}"))
    return told


def spawn(arguments: list[str], told: dict[str, str], **more) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=told,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        **more,
    )


@pytest.mark.django_db(transaction=True)
class TestForReal:
    """Real processes, in the database role of the app, with the exit codes that a shell sees."""

    def test_standard_input_through_the_console_script(self, tmp_path):
        call_command("grant_roles", verbosity=0)
        told = environment(tmp_path)
        source = as_bytes(document()).decode()
        done = spawn(["-m", "imports.cli", "--file", "-"], told, input=source)
        assert (done.returncode, "standard input: applied." in done.stdout) == (0, True), (
            done.stderr
        )
        assert Strategy.objects.get().slug == "alpha"
        assert ImportRun.objects.get().source.name == "stdin"
        again = spawn(["manage.py", "import_export", "--file", "-", "--json"], told, input="{")
        assert again.returncode == 1
        assert json.loads(again.stdout)["issues"][0]["code"] == "malformed"

    def test_wrong_use_and_a_database_that_is_away(self, tmp_path):
        told = environment(tmp_path)
        assert spawn(["manage.py", "import_export"], told).returncode == 2
        away = {**told, "ATLAS_DATABASE_URL": "postgresql://atlas_app:secret@127.0.0.1:1/atlas"}
        sample = tmp_path / "export.json"
        sample.write_bytes(as_bytes(document()))
        done = spawn(["-m", "imports.cli", "--file", str(sample)], away)
        assert done.returncode == 4
        assert "The database is not available" in done.stderr
        assert "secret" not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr


def test_wrong_use_of_the_console_script_needs_no_database(capsys):
    with pytest.raises(SystemExit) as ending:
        cli.main(["--file"])
    assert ending.value.code == 2
    with pytest.raises(SystemExit) as ending:
        cli.main(["--help"])
    assert ending.value.code == 0
    assert "exit codes" in capsys.readouterr().out
