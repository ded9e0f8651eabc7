"""Where outbound HTTP may go: lists, private addresses, rebinding names, redirects, TLS."""

import socket
import ssl
import subprocess
import time
from ipaddress import ip_address

import pytest

from atlas import http as client
from atlas import outbound
from atlas.domain.errors import DomainRefusal, Temporary
from atlas.outbound import OutboundPolicy, is_public
from tests.ground.outbound_world import Resolver, address, rules, served

KEY = "v3-0123456789abcdef-key"


@pytest.fixture
def server():
    with served() as running:
        yield running


@pytest.fixture
def second_server():
    with served() as running:
        yield running


def fetch(server, path="/hello", **options):
    options.setdefault("policy", rules(server))
    return client.fetch(address(server, path), **options)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/x",
        "http:///x",
        "http://[::1",
        "http://127.0.0.1:port/",
        "http://user:pass@127.0.0.1/",
        "",
    ],
)
def test_an_address_of_another_form_is_refused(url):
    policy = OutboundPolicy.of(["127.0.0.1"], private_addresses=True)
    with pytest.raises(DomainRefusal) as refused:
        client.fetch(url, policy=policy)
    assert refused.value.code == "outbound_refused"
    assert "pass@" not in refused.value.message


def test_a_host_that_is_not_listed_is_refused_before_anything_is_resolved(server, monkeypatch):
    monkeypatch.setattr(outbound, "resolve", lambda *_, **__: pytest.fail("was resolved"))
    with pytest.raises(DomainRefusal, match="ATLAS_OUTBOUND_ALLOW") as refused:
        client.fetch(f"https://evil.example/{KEY}", policy=rules(server))
    assert KEY not in refused.value.message


def test_a_listed_host_opens_only_its_own_port_and_a_bare_one_the_two_usual(server):
    policy = OutboundPolicy.of(["a.example", "b.example:8443", "[::1]:8545"])
    policy.require_allowed(scheme="http", host="a.example", port=None)
    policy.require_allowed(scheme="https", host="A.Example.", port=443)
    policy.require_allowed(scheme="https", host="b.example", port=8443)
    policy.require_allowed(scheme="http", host="::1", port=8545)
    for host, port in (("a.example", 8443), ("b.example", None), ("sub.a.example", None)):
        with pytest.raises(DomainRefusal):
            policy.require_allowed(scheme="https", host=host, port=port)


def test_a_private_address_is_refused_unless_configured(server):
    with pytest.raises(DomainRefusal, match="private or reserved"):
        fetch(server, policy=rules(server, private=False))
    with pytest.raises(DomainRefusal, match="private or reserved"):
        client.fetch(address(server, host="localhost"), policy=rules(server, private=False))
    assert server.seen == []


def test_the_settings_decide_where_nothing_else_is_said(server, settings):
    settings.ATLAS_OUTBOUND_ALLOW = []
    with pytest.raises(DomainRefusal, match="not among"):
        client.fetch(address(server))
    settings.ATLAS_OUTBOUND_ALLOW = [f"127.0.0.1:{server.server_port}"]
    with pytest.raises(DomainRefusal, match="private"):
        client.fetch(address(server))
    settings.ATLAS_OUTBOUND_ALLOW_PRIVATE = True
    assert client.fetch(address(server)).status == 200


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("255.255.255.255", False),
        ("224.0.0.1", False),
        ("240.0.0.1", False),
        ("192.0.2.1", False),
        ("198.18.0.1", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("2001:db8::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:169.254.169.254", False),
        ("::ffff:93.184.216.34", True),
        ("::7f00:1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", False),
    ],
)
def test_only_public_unicast_addresses_are_public_also_inside_wrappings(text, public):
    assert is_public(ip_address(text)) is public


def test_the_connection_goes_to_the_address_that_was_checked(server, monkeypatch):
    resolver = Resolver(["127.0.0.1"], ["127.0.0.77"])
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    policy = rules(server, hosts=("rebinding.example",))
    answer = client.fetch(address(server, host="rebinding.example"), policy=policy)
    assert answer.status == 200
    assert server.seen[0][2]["Host"] == f"rebinding.example:{server.server_port}"


def test_a_name_that_turns_private_between_two_looks_is_never_reached(server, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["93.184.216.34"], ["127.0.0.1"]))
    policy = rules(server, private=False, hosts=("rebinding.example",))
    reached = policy.addresses("rebinding.example", server.server_port, timeout_seconds=1)
    assert reached == ["93.184.216.34"]
    with pytest.raises(DomainRefusal, match="private"):
        client.fetch(address(server, host="rebinding.example"), policy=policy)
    assert server.seen == []


def test_one_private_address_among_public_ones_refuses_the_host(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["93.184.216.34", "10.0.0.1"]))
    with pytest.raises(DomainRefusal, match="private"):
        OutboundPolicy.of(["x.example"]).addresses("x.example", 443, timeout_seconds=1)


def test_the_next_address_is_tried_where_the_first_does_not_answer(server, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["::1", "127.0.0.1"]))
    policy = rules(server, hosts=("two.example",))
    assert client.fetch(address(server, host="two.example"), policy=policy).status == 200


def test_a_name_that_does_not_resolve_or_only_after_the_deadline_is_temporary(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    def slow(*_, **__):
        time.sleep(2)
        return []

    policy = OutboundPolicy.of(["slow.example"])
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(Temporary, match="cannot be resolved"):
        client.fetch("https://slow.example/", policy=policy)
    monkeypatch.setattr(socket, "getaddrinfo", slow)
    began = time.monotonic()
    with pytest.raises(Temporary, match="not resolved in time"):
        client.fetch("https://slow.example/", policy=policy, timeout_seconds=0.3)
    assert time.monotonic() - began < 1


def test_redirects_are_followed_to_allowed_hosts_and_headers_stay_behind(server, second_server):
    policy = rules(server, second_server)
    answer = fetch(
        server,
        f"/to?to={address(second_server, '/hello')}",
        headers={"Authorization": f"Bearer {KEY}", "X-Api-Key": KEY},
        policy=policy,
    )
    assert answer.json() == {"hello": ""}
    headers = {name.lower() for name in second_server.seen[0][2]}
    assert headers.isdisjoint({"authorization", "x-api-key"})


def test_a_redirect_on_the_same_host_keeps_the_headers(server):
    fetch(server, "/to?to=/hello", headers={"X-Api-Key": KEY})
    assert server.seen[1][2]["x-api-key"] == KEY


@pytest.mark.parametrize(
    "target",
    ["http://evil.example/", "ftp://127.0.0.1/", "http://127.0.0.1:1/", "http://u:p@127.0.0.1/"],
)
def test_a_redirect_to_where_we_may_not_go_is_refused(server, target):
    with pytest.raises(DomainRefusal):
        fetch(server, f"/to?to={target}")
    assert len(server.seen) == 1


def test_a_redirect_into_the_private_network_is_refused(server, second_server, monkeypatch):
    monkeypatch.setattr(
        outbound,
        "is_public",
        lambda one: str(one) == "127.0.0.1",  # play the public host with the local server
    )
    policy = OutboundPolicy.of(
        [f"127.0.0.1:{server.server_port}", f"127.0.0.2:{second_server.server_port}"]
    )
    target = f"http://127.0.0.2:{second_server.server_port}/hello"
    with pytest.raises(DomainRefusal, match="private"):
        fetch(server, f"/to?to={target}", policy=policy)
    assert second_server.seen == []


def test_redirects_end_after_five_hops(server):
    with pytest.raises(DomainRefusal, match="more than 5 times"):
        fetch(server, "/loop")
    assert len(server.seen) == 6


def test_a_redirect_without_a_target_is_just_an_answer(server):
    assert fetch(server, "/nowhere").status == 302


def test_a_redirected_post_is_not_sent_twice(server):
    with pytest.raises(DomainRefusal, match="not sent twice"):
        fetch(server, "/to?to=/hello", method="POST", body=b"pay")
    assert len(server.seen) == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    key, crt = folder / "key.pem", folder / "crt.pem"
    subprocess.run(
        f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=x "
        f"-addext subjectAltName=DNS:secure.example -keyout {key} -out {crt}".split(),
        check=True,
        capture_output=True,
    )
    return key, crt


@pytest.fixture
def secure_server(certificate):
    key, crt = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(crt, key)
    with served(context) as running:
        yield running


def test_tls_verifies_the_name_and_not_the_address(secure_server, certificate, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["127.0.0.1"]))
    policy = rules(secure_server, hosts=("secure.example", "other.example"))
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    port = secure_server.server_port
    good = client.fetch(f"https://secure.example:{port}/", policy=policy, tls=trusting)
    assert good.status == 200
    with pytest.raises(DomainRefusal, match="certificate"):
        client.fetch(f"https://other.example:{port}/", policy=policy, tls=trusting)
    with pytest.raises(DomainRefusal, match="certificate"):
        client.fetch(f"https://secure.example:{port}/", policy=policy)
    assert len(secure_server.seen) == 1


def test_a_redirect_from_https_to_http_is_refused(secure_server, server, certificate, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", Resolver(["127.0.0.1"]))
    listed = [f"secure.example:{one.server_port}" for one in (secure_server, server)]
    policy = OutboundPolicy.of(listed, private_addresses=True)
    trusting = ssl.create_default_context(cafile=str(certificate[1]))
    url = f"https://secure.example:{secure_server.server_port}/to?to="
    with pytest.raises(DomainRefusal, match="from https to http"):
        client.fetch(
            url + f"http://secure.example:{server.server_port}/hello", policy=policy, tls=trusting
        )
    assert server.seen == []
