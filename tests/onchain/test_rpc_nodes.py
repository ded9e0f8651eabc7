"""The environment says where the nodes are, the register how they are used, rows how they do."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as current
from django.db import IntegrityError, transaction

from atlas.models import Alert
from config.env import read_environment
from onchain.metrics import families
from onchain.models import RpcEndpoint, RpcNodeHealth
from onchain.register import LOCAL_CHAIN
from onchain.rpc.endpoints import DISTRUST_SECONDS, EndpointConfig
from onchain.rpc.errors import NodeUnavailable, NodeUntrusted, NotConfigured
from onchain.rpc.nodes import configs_of, note_health, pool_for
from onchain.rpc.setting import parse_rpc_urls
from tests.onchain.stub_node import Node, saying, served
from tests.onchain.test_rpc_failures import World, pool_of

NOW = datetime(2026, 11, 1, tzinfo=UTC)
KEY = "https://node.example/v3/secret-key"


def test_the_setting_names_nodes_by_chain():
    text = '{"42161": {"one": "https://a.example/k", "two": "https://b.example"}, "31337": {"local": "http://127.0.0.1:8545"}}'
    found = parse_rpc_urls(text)
    assert set(found) == {42161, 31337}
    assert found[42161]["two"] == "https://b.example"
    assert parse_rpc_urls("  ") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("https://a.example/secret-key", "must be JSON"),
        ('["https://a.example/secret-key"]', "no chain id"),
        ('{"x": {"one": "https://a.example/secret-key"}}', "no chain id"),
        ('{"0": {"one": "https://a.example/secret-key"}}', "no chain id"),
        ('{"1": {}}', "chain 1 must have"),
        ('{"1": "https://a.example/secret-key"}', "chain 1 must have"),
        ('{"1": {"One Two": "https://a.example/secret-key"}}', "is no name"),
        ('{"1": {"one": "http://a.example/secret-key"}}', "node one: must be https"),
        ('{"1": {"one": "https://u:secret-key@a.example"}}', "node one: must be https"),
        ('{"1": {"one": "wss://a.example/secret-key"}}', "node one: must be https"),
        ('{"1": {"one": "https://a.example:x/secret-key"}}', "node one: must be https"),
        ('{"1": {"one": 7}}', "node one: must be https"),
    ],
)
def test_a_faulty_setting_is_refused_without_its_addresses(text, words):
    with pytest.raises(ValueError, match=words) as refusal:
        parse_rpc_urls(text)
    assert "secret-key" not in str(refusal.value)


def test_addresses_count_as_secrets_of_the_environment():
    given = {"ATLAS_RPC_URLS": json.dumps({"1": {"one": KEY}})}
    base = {"ATLAS_SECRET_KEY": "x" * 50, "ATLAS_PROCESS": "test"}
    environment = read_environment({**base, **given, **_databases()})
    assert KEY in environment.secret_values


def _databases():
    """Give addresses that the environment cannot do without."""
    names = ("DATABASE", "MIGRATE_DATABASE", "SIGNER_DATABASE")
    found = {f"ATLAS_{name}_URL": "postgresql://a:b@localhost:1/x" for name in names}
    return found | {"ATLAS_REDIS_URL": "redis://localhost:1/0"}


@pytest.fixture
def rpc(settings):
    """Let the environment name nodes of the local chain."""

    def name(**addresses):
        settings.ATLAS_RPC_SECRETS = {LOCAL_CHAIN: addresses}

    return name


def test_no_node_is_configured_unless_the_environment_names_one():
    assert not current.ATLAS_RPC_SECRETS


@pytest.mark.django_db
class TestTheRegister:
    def test_a_chain_without_nodes_is_refused_by_name(self, rpc):
        rpc()
        with pytest.raises(NotConfigured, match="ATLAS_RPC_URLS"):
            pool_for(LOCAL_CHAIN)

    def test_a_node_without_a_row_is_used_with_the_defaults(self, rpc):
        rpc(one=KEY)
        assert configs_of(LOCAL_CHAIN) == [EndpointConfig(name="one", url=KEY)]

    def test_a_row_says_how_a_node_is_used(self, rpc):
        rpc(one=KEY, two=KEY)
        RpcEndpoint.objects.create(
            chain_id=LOCAL_CHAIN,
            name="one",
            priority=5,
            weight=3,
            requests_per_second=7,
            log_range_blocks=99,
        )
        RpcEndpoint.objects.create(chain_id=LOCAL_CHAIN, name="two", is_enabled=False)
        (config,) = configs_of(LOCAL_CHAIN)
        assert (config.priority, config.weight) == (5, 3)
        assert (config.requests_per_second, config.log_range_blocks) == (7, 99)

    def test_a_pool_keeps_what_it_learnt_until_its_nodes_change(self, rpc):
        rpc(one=KEY)
        pool = pool_for(LOCAL_CHAIN)
        assert pool_for(LOCAL_CHAIN) is pool
        rpc(one=KEY, two=KEY)
        assert pool_for(LOCAL_CHAIN) is not pool

    def test_a_local_chains_head_may_be_old(self, rpc, settings):
        node = Node()
        node.age_seconds = 86_400
        with served(node):
            url = f"http://127.0.0.1:{node.port}"
            rpc(one=url)
            assert pool_for(LOCAL_CHAIN).head().number == 100
            settings.ATLAS_RPC_SECRETS = {42161: {"one": url}}
            node.chain_id = 42161
            with pytest.raises(Exception, match="s old"):
                pool_for(42161).head()

    def test_counts_of_several_pools_add_up_in_one_row(self):
        good, bad = Node("good"), Node("bad")
        bad.answers["eth_gasPrice"] = saying(500)
        good.answers["eth_gasPrice"] = lambda *_: "0x1"
        with served(good, bad):
            for _ in range(2):
                pool = pool_of(bad, good)
                pool.read("eth_gasPrice", [], parse=str)
                pool.head_of(pool.endpoints[1])
                note_health(pool, now=NOW)
                note_health(pool, now=NOW + timedelta(days=1))
        rows = {row.name: row for row in RpcNodeHealth.objects.all()}
        assert rows["bad"].failures == {"node_unavailable": 2}
        # each time: the chain, the price, the head
        assert (rows["good"].answers, rows["good"].failures) == (6, {})
        assert (rows["good"].head_block, rows["good"].seen_at) == (100, NOW)

    def test_a_distrusted_node_is_shown_with_its_reason_and_as_a_metric(self, admin_client):
        node = Node("liar", chain_id=1)
        with served(node):
            pool = pool_of(node)
            with pytest.raises(NodeUntrusted):
                pool.head()
            note_health(pool, now=NOW)
        figures = {one.name: dict(one.samples) for one in families(NOW + timedelta(seconds=5))}
        name = (str(LOCAL_CHAIN), "liar")
        assert figures["atlas_rpc_in_use"] == {name: 0}
        assert figures["atlas_rpc_failures"] == {(*name, "untrusted"): 1}
        assert figures["atlas_rpc_seen_age_seconds"] == {name: 5.0}
        page = admin_client.get("/admin/onchain/rpcnodehealth/").content.decode()
        assert "it serves chain 1 instead of 31337" in page

    def test_a_lying_node_and_a_chain_without_any_are_alerts_that_end_by_themselves(self):
        node, world = Node("liar", chain_id=1), World()
        with served(node):
            pool = pool_of(node, world=world)
            with pytest.raises(NodeUntrusted):
                pool.head()
            note_health(pool, now=NOW)
            told = {one.rule: one for one in Alert.objects.unresolved()}
            assert set(told) == {"rpc_node_untrusted", "rpc_no_node"}
            assert "serves chain 1" in told["rpc_node_untrusted"].message
            assert told["rpc_no_node"].severity == "CRITICAL"
            node.chain_id = LOCAL_CHAIN
            world.now += DISTRUST_SECONDS
            pool.head()
            note_health(pool, now=NOW + timedelta(minutes=6))
        assert not Alert.objects.unresolved().exists()

    def test_a_pool_that_was_not_asked_leaves_no_trace(self):
        pool = pool_of(Node())
        note_health(pool, now=NOW)
        assert not RpcNodeHealth.objects.exists()

    def test_an_outage_leaves_no_address_in_any_row(self):
        node = Node()
        with served(node):
            pool = pool_of(node)
        with pytest.raises(NodeUnavailable):
            pool.head()
        note_health(pool, now=NOW)
        assert "127.0.0.1" not in str(RpcNodeHealth.objects.values().get())

    @pytest.mark.parametrize(
        ("values", "constraint"),
        [
            ({"weight": 0}, "rpc_endpoint_weight_positive"),
            ({"requests_per_second": 0}, "rpc_endpoint_rate_positive"),
            ({"log_range_blocks": 0}, "rpc_endpoint_log_range_positive"),
        ],
        ids=["weight", "rate", "range"],
    )
    def test_terms_that_nobody_could_use_are_refused(self, values, constraint):
        with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
            RpcEndpoint.objects.create(chain_id=LOCAL_CHAIN, name="x", **values)
