"""What tests of digests do to a catalogue behind the importer's back, and to a file's bytes."""

import json

from django.db import connection

from strategies.models import Holding, ImportedTrade, PerformancePoint, Strategy
from tests.imports.world import (
    NOW,
)


def in_other_bytes(content):
    """The same content, its objects' members the other way round and indented."""

    def turned(value):
        if isinstance(value, dict):
            return {name: turned(value[name]) for name in reversed(value)}
        return [turned(one) for one in value] if isinstance(value, list) else value

    return json.dumps(turned(content), indent=1).encode()


def sql(statement, *parameters):
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def changed_point():
    sql("UPDATE strategies_performancepoint SET nav_per_share_usd = 9 WHERE source = 'backtest'")


def rewritten_point():
    sql("UPDATE strategies_performancepoint SET nav_per_share_usd = nav_per_share_usd")


def added_point():
    made = Strategy.objects.get(slug="alpha")
    PerformancePoint.objects.create(strategy=made, source="live", as_of_at=NOW, nav_per_share_usd=1)


def removed_trade():
    ImportedTrade.objects.all().delete()


def replaced_holding():
    held = Holding.objects.get()
    Holding.objects.filter(asset="ETH").delete()
    held.value_usd = 1
    held.save(force_insert=True)


def changed_claim():
    sql("UPDATE strategies_reportclaim SET value = 7 WHERE metric = 'sharpe'")


def changed_price():
    sql("UPDATE strategies_benchmarkpoint SET price_usd = 7")


def removed_vault_point():
    sql("DELETE FROM strategies_vaultperformancepoint")


def renamed_strategy():
    Strategy.objects.filter(slug="alpha").update(slug="omega")
