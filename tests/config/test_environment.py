"""The typed environment: every problem at once, no value echoed, unknown names refused."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from config.env import ROOT, Environment, EnvironmentProblems, known_names, read_environment
from config.storage import named_credentials_of, place_of

SECRET = "Q7-do-not-echo-me-anywhere-Q7"
GOOD = {
    "ATLAS_SECRET_KEY": "s" * 50,
    "ATLAS_DATABASE_URL": f"postgresql://app:{SECRET}@db:5432/atlas",
    "ATLAS_REDIS_URL": f"redis://:{SECRET}@cache:6379/0",
}


def problems_of(**changes):
    with pytest.raises(EnvironmentProblems) as found:
        read_environment({**GOOD, **changes})
    assert SECRET not in str(found.value)
    return found.value.problems


def test_what_is_required_is_enough_and_the_rest_has_defaults():
    environment = read_environment(GOOD)
    assert environment.debug is False
    assert environment.live_trading is False
    assert environment.process == "command"
    assert environment.allowed_hosts == ["localhost", "127.0.0.1", "[::1]"]
    assert environment.outbound_allow == []


def test_an_empty_environment_names_everything_that_is_required_at_once():
    with pytest.raises(EnvironmentProblems) as found:
        read_environment({})
    assert found.value.problems == [
        "ATLAS_DATABASE_URL: is required and not set",
        "ATLAS_REDIS_URL: is required and not set",
        "ATLAS_SECRET_KEY: is required and not set",
    ]


def test_every_problem_is_reported_in_one_go_without_its_value():
    problems = problems_of(
        ATLAS_SECRET_KEY=SECRET,
        ATLAS_DATABASE_URL=f"mysql://app:{SECRET}@db/atlas",
        ATLAS_REDIS_URL=f"http://{SECRET}",
        ATLAS_DEBUG=SECRET,
        ATLAS_WEB_PORT="99999",
        ATLAS_PROCESS=SECRET,
        ATLAS_LOG_LEVEL="LOUD",
        ATLAS_LIVE_TRADNG="true",
    )
    assert [problem.partition(":")[0] for problem in problems] == [
        "ATLAS_DATABASE_URL",
        "ATLAS_DEBUG",
        "ATLAS_LIVE_TRADNG",
        "ATLAS_LOG_LEVEL",
        "ATLAS_PROCESS",
        "ATLAS_REDIS_URL",
        "ATLAS_SECRET_KEY",
        "ATLAS_WEB_PORT",
    ]
    assert "ATLAS_LIVE_TRADNG: is not a setting of Atlas; check the spelling" in problems


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATLAS_DATABASE_URL", f"postgresql://app:{SECRET}@db:5432"),
        ("ATLAS_DATABASE_URL", f"postgresql://app:{SECRET}@db:port/atlas"),
        ("ATLAS_DATABASE_URL", f"postgresql://app:{SECRET}@[::1/atlas"),
        ("ATLAS_MIGRATE_DATABASE_URL", f"sqlite:///{SECRET}"),
        ("ATLAS_SIGNER_DATABASE_URL", SECRET),
        ("ATLAS_REDIS_URL", f"amqp://{SECRET}@host"),
        ("ATLAS_FLOWER_PORT", "0"),
        ("ATLAS_INSTANCE_NAME", SECRET * 10),
        ("ATLAS_DATABAS_URL", SECRET),
        ("ATLAS_STORAGE_URL", f"ftp://{SECRET}"),
        ("ATLAS_STORAGE_URL", "s3:///"),
        ("ATLAS_S3_ENDPOINT_URL", f"https://user:{SECRET}@host"),
        ("ATLAS_S3_REGION", f"eu {SECRET}"),
        ("ATLAS_S3_SECRET_ACCESS_KEY", SECRET),
        ("ATLAS_METRICS_ALLOW", f"10.0.0.0/8,{SECRET}"),
        ("ATLAS_METRICS_TOKEN", SECRET[:31]),
        ("ATLAS_IMPORT_CREDENTIALS", SECRET),
        ("ATLAS_IMPORT_CREDENTIALS", f'{{"acme": {{"kind": "header", "value": "{SECRET}"}}}}'),
        ("ATLAS_IMPORT_CREDENTIALS", f'{{"acme": {{"kind": "{SECRET}"}}}}'),
        ("ATLAS_IMPORT_CREDENTIALS", f'{{"acme": "{SECRET}"}}'),
    ],
)
def test_a_wrong_value_is_one_line_that_starts_with_its_name(name, value):
    problems = problems_of(**{name: value})
    assert len(problems) == 1
    assert problems[0].startswith(f"{name}: ".replace("SECRET_ACCESS_KEY", "ACCESS_KEY_ID"))
    assert SECRET not in problems[0]


def test_lists_are_read_from_commas_and_empty_values_mean_the_default():
    environment = read_environment(
        {**GOOD, "ATLAS_ALLOWED_HOSTS": "a.example, b.example,", "ATLAS_LOG_LEVEL": ""}
    )
    assert environment.allowed_hosts == ["a.example", "b.example"]
    assert environment.log_level == "INFO"


def test_named_credentials_are_secrets_in_all_their_parts():
    held = {
        "acme": {"kind": "header", "host": "files.example", "value": "Bearer abcdefgh1234"},
        "lake": {"kind": "s3", "access_key_id": "AKIAEXAMPLE", "secret_access_key": "lakesecret"},
    }
    environment = read_environment({**GOOD, "ATLAS_IMPORT_CREDENTIALS": json.dumps(held)})
    assert {"Bearer abcdefgh1234", "AKIAEXAMPLE", "lakesecret"} <= set(environment.secret_values)
    shown = repr(environment) + repr(named_credentials_of(environment))
    assert "abcdefgh1234" not in shown
    assert "lakesecret" not in shown


def test_imported_files_are_kept_in_a_folder_or_in_a_bucket():
    by_default = read_environment(GOOD)
    assert place_of(by_default) == (by_default.state_dir / "storage", "")
    folder = read_environment({**GOOD, "ATLAS_STORAGE_URL": "/srv/atlas"})
    assert place_of(folder) == (Path("/srv/atlas"), "")
    bucket = read_environment({**GOOD, "ATLAS_STORAGE_URL": "s3://exports/atlas/"})
    assert place_of(bucket) == (bucket.state_dir / "storage", "exports/atlas")


def test_settings_that_contradict_each_other_are_problems():
    assert problems_of(ATLAS_PROCESS="signer") == [
        "ATLAS_SIGNER_DATABASE_URL: is required where ATLAS_PROCESS is signer"
    ]
    assert problems_of(ATLAS_DEBUG="true", ATLAS_LIVE_TRADING="true") == [
        "ATLAS_DEBUG: must be false where ATLAS_LIVE_TRADING is true"
    ]


def test_each_process_connects_as_its_own_role():
    roles = {
        **GOOD,
        "ATLAS_MIGRATE_DATABASE_URL": "postgresql://owner@db/atlas",
        "ATLAS_SIGNER_DATABASE_URL": "postgresql://signer@db/atlas",
    }
    users = {
        process: read_environment({**roles, "ATLAS_PROCESS": process}).active_database_url[13:19]
        for process in ("web", "worker", "beat", "command", "migrate", "signer")
    }
    assert users["migrate"].startswith("owner")
    assert users["signer"].startswith("signer")
    assert {users[name][:3] for name in ("web", "worker", "beat", "command")} == {"app"}


def test_every_setting_has_a_line_of_help():
    for name, field in Environment.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        assert len(field.description) < 100, name


def test_what_holds_a_secret_is_typed_as_one():
    shown = repr(read_environment(GOOD))
    assert SECRET not in shown
    for name in ("secret_key", "database_url", "redis_url", "flower_basic_auth"):
        assert SecretStr.__name__ in str(Environment.model_fields[name].annotation)


def start(environ, settings="config.settings.dev"):
    """Load the settings in a process of their own with this environment alone."""
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); print('started')"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "DJANGO_SETTINGS_MODULE": settings, **environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_process_with_a_wrong_environment_prints_all_problems_and_exits_1():
    ended = start({"ATLAS_SECRET_KEY": SECRET, "ATLAS_TYPO": SECRET})
    assert ended.returncode == 1
    assert SECRET not in ended.stderr + ended.stdout
    assert "Traceback" not in ended.stderr
    printed = [line.strip().partition(":")[0] for line in ended.stderr.splitlines()[1:-1]]
    assert printed == [
        "ATLAS_DATABASE_URL",
        "ATLAS_REDIS_URL",
        "ATLAS_SECRET_KEY",
        "ATLAS_TYPO",
    ]
    assert ".env.example" in ended.stderr.splitlines()[-1]


RANDOM_KEY = "kS8-2fQz7xWb4mNv1pLr9tYc6hGj3dXa5eUo0iRw_BnMqKzTsVy"
PRODUCTION = {**GOOD, "ATLAS_SECRET_KEY": RANDOM_KEY, "ATLAS_ALLOWED_HOSTS": "atlas.example.net"}


def test_production_starts_with_a_proper_environment():
    started = start(PRODUCTION, "config.settings.production")
    assert (started.returncode, started.stdout) == (0, "started\n"), started.stderr


def test_production_refuses_everything_that_is_only_fit_for_development_at_once():
    ended = start(
        {
            **PRODUCTION,
            "ATLAS_SECRET_KEY": "change-me-" * 6,
            "ATLAS_DEBUG": "true",
            "ATLAS_ALLOWED_HOSTS": "atlas.example.net,*",
            "ATLAS_EMBEDDED": "true",
            "ATLAS_OUTBOUND_ALLOW_PRIVATE": "true",
        },
        "config.settings.production",
    )
    assert ended.returncode == 1
    for name in ("SECRET_KEY", "DEBUG", "ALLOWED_HOSTS", "EMBEDDED", "OUTBOUND_ALLOW_PRIVATE"):
        assert f"ATLAS_{name}:" in ended.stderr
    assert "change-me" not in ended.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ATLAS_SECRET_KEY", ""),
        ("ATLAS_SECRET_KEY", "a" * 60),
        ("ATLAS_SECRET_KEY", "django-insecure-" + RANDOM_KEY),
        ("ATLAS_DEBUG", "true"),
        ("ATLAS_ALLOWED_HOSTS", "*.example.net"),
        ("ATLAS_EMBEDDED", "true"),
    ],
)
def test_production_refuses_each_of_them_alone(name, value):
    ended = start({**PRODUCTION, name: value}, "config.settings.production")
    assert ended.returncode == 1
    assert f"{name}:" in ended.stderr
    assert "started" not in ended.stdout


def test_known_names_are_the_fields_with_the_prefix():
    assert "ATLAS_LIVE_TRADING" in known_names()
    assert len(known_names()) == len(Environment.model_fields)


def test_production_behind_tls_passes_the_deployment_checks():
    ended = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            **PRODUCTION,
            "ATLAS_BEHIND_TLS": "true",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ended.returncode == 0, ended.stderr
    assert "no issues (0 silenced)" in ended.stdout


def test_production_requires_a_second_factor_and_marks_its_cookies():
    asked = (
        "import django; django.setup();"
        "from django.conf import settings as s;"
        "print(s.ATLAS_REQUIRE_SECOND_FACTOR, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,"
        " s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.SECURE_HSTS_SECONDS,"
        " s.SECURE_SSL_REDIRECT, s.X_FRAME_OPTIONS, s.SECURE_REFERRER_POLICY)"
    )
    told = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        env={
            "PATH": "/usr/bin:/bin",
            "DJANGO_SETTINGS_MODULE": "config.settings.production",
            **PRODUCTION,
            "ATLAS_BEHIND_TLS": "true",
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert told.stdout.split() == [
        *("True", "True", "True", "True", "Lax"),
        *("31536000", "True", "DENY", "same-origin"),
    ]
