"""The investor report: the same numbers as everywhere else, each with where it comes from."""

import pytest

from tests.strategies.world import LIST, get

pytestmark = pytest.mark.django_db

PATH = f"{LIST}eth-ema-trend/report/"


def test_the_report_shows_what_the_tile_shows(client, sample):
    tile = get(client, f"{LIST}eth-ema-trend/")["headline"]
    report = get(client, PATH)
    assert (report["source"], report["source_label"]) == (tile["source"], tile["source_label"])
    assert {name: report["metrics"][name]["value"] for name in tile["metrics"]} == tile["metrics"]
