"""The signer process: nobody else gets in, and what it says of itself is a row."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from atlas.models import SignerAttestation

ROOT = Path(__file__).resolve().parent.parent.parent

ATTEST = """
import django
django.setup()
from datetime import timedelta
from django.utils import timezone
from onchain.signer.attestation import attest
now = timezone.now()
said = [
    attest(live_trading=False, now=now),
    attest(live_trading=False, now=now + timedelta(seconds=60)),
    attest(live_trading=True, now=now + timedelta(seconds=61)),
    attest(live_trading=True, now=now + timedelta(minutes=7)),
]
print(["said" if one else "silent" for one in said])
"""


def python(code, **variables):
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=ROOT,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("process", ["web", "worker", "beat", "command", "migrate"])
@pytest.mark.parametrize("module", ["onchain.signer", "onchain.signer.attestation"])
def test_another_process_cannot_import_the_signers_room(process, module):
    done = python(f"import {module}", ATLAS_PROCESS=process)
    assert done.returncode != 0
    assert "signer process alone" in done.stderr


@pytest.mark.parametrize("process", ["web", "worker", "beat"])
def test_other_processes_do_not_even_know_the_signers_tasks(process):
    code = (
        "from config.celery import app; app.loader.import_default_modules(); "
        "print('onchain.signer.attest' in app.tasks)"
    )
    assert python(code, ATLAS_PROCESS=process).stdout.strip() == "False"
    assert python(code, ATLAS_PROCESS="signer").stdout.strip() == "True"


@pytest.mark.django_db(transaction=True)
def test_the_signer_repeats_itself_only_when_something_changed_or_time_has_passed(settings):
    name = settings.DATABASES["default"]["NAME"]
    url = os.environ["ATLAS_MIGRATE_DATABASE_URL"].rsplit("/", 1)[0] + "/" + name
    done = python(ATTEST, ATLAS_PROCESS="signer", ATLAS_SIGNER_DATABASE_URL=url)
    assert done.stdout.strip() == "['said', 'silent', 'said', 'said']", done.stderr
    assert SignerAttestation.objects.count() == 3
    assert not SignerAttestation.objects.filter(holds_key=True).exists()
