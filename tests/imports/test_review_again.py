"""Another review of a file that was fetched: it stays the file of its source."""

import io

import pytest

from imports import desk
from imports.carrying import carry_out_review
from imports.models import ImportRun, ImportSource
from imports.pipeline import Wish, import_stored
from imports.storage import ContentStore
from tests.factories import StrategyFactory
from tests.imports.builders import as_bytes, document
from tests.imports.source_world import make_source
from tests.imports.world import ACTOR, NOW, issues_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("http", "https://files.example/export.json"),
        ("s3", "s3://lake/exports/"),
        ("inbox", "nightly"),
    ],
)
def test_a_fetched_file_keeps_its_source_and_its_thresholds(settings, tmp_path, kind, address):
    settings.ATLAS_STORAGE_DIR = tmp_path
    store = ContentStore.of_settings()
    source = make_source(kind, address, jump_threshold_ratio="0.001")
    stored = store.put(io.BytesIO(as_bytes(document())))
    wish = Wish(is_dry_run=True)
    first = import_stored(source, stored, "a.json", wish, store=store, actor=ACTOR, now=NOW).run
    assert issues_of(first) == [("warning", "jump")] * 3
    StrategyFactory(slug="alpha")

    again = desk.review_again(first, reason="it has moved", actor=ACTOR, now=NOW).run
    carry_out_review(again.pk, actor=ACTOR, now=NOW)
    again.refresh_from_db()
    first.refresh_from_db()
    assert (first.state, again.state) == ("REJECTED", "REVIEWED")
    assert again.source == source
    assert again.received_from == "a.json"
    assert issues_of(again) == [("warning", "jump")] * 3
    handed = ImportSource.objects.get(name="file")
    assert not ImportRun.objects.filter(source=handed).exists()
