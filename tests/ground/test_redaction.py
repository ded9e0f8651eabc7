"""What is hidden before a line is written, and what must stay readable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atlas.redaction import HIDDEN, MIN_KNOWN_LENGTH, protect, redact_text, redact_value

KEY = "0x" + "4f" * 32
ADDRESS = "0x82aF49447D8a07e3bd95BD0d56f35241523fBab1"
WORDS = "legal winner thank year wave sausage worth useful legal winner thank yellow"
PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIBYr\n-----END EC PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhdGxhcyJ9.c2lnbmF0dXJl"

LEAKS = [
    ("postgresql://atlas_app:hunter2@db:5432/atlas", "hunter2"),
    ("postgresql://atlas_app:p%40ss:w/rd@db/atlas refused", "w/rd"),
    ("redis://:hunter2@127.0.0.1:6379/0", "hunter2"),
    ("see redis://user:a@b@c@host/0", "a@b@c"),
    ("https://0123456789abcdef@sentry.example/4", "0123456789abcdef"),
    ("GET https://rpc.example/?apikey=abc123def&x=1", "abc123def"),
    ("GET /api/?access_token=abc123def", "abc123def"),
    ("https://arb.example/v2/Xy9_kkQ-81aBcDeFgHiJkLmNoPqRsTuV/x", "Xy9_kkQ"),
    ("wss://arb.example/v3/0123456789abcdef0123456789abcdef", "0123456789abcdef"),
    ("Authorization: Bearer abc.def-ghi", "abc.def"),
    ("Authorization: Basic YXRsYXM6aHVudGVyMg==", "YXRsYXM6"),
    ("{'Authorization': 'Token 9944b09199c62bcf'}", "9944b0919"),
    ("headers=[('authorization', 'Basic YXRsYXM6aHVudGVyMg==')]", "YXRsYXM6"),
    ("HTTP_AUTHORIZATION=Digest username=atlas", "username"),
    ("sent Bearer abcdefgh12345678", "abcdefgh12345678"),
    ("X-Api-Key: 12345abc", "12345abc"),
    ("Cookie: sessionid=abc123; csrftoken=def456", "def456"),
    ("sessionid=abc123def", "abc123def"),
    ("password=hunter2", "hunter2"),
    ("db_password: hunter2, host: db", "hunter2"),
    ('{"password": "two words"}', "words"),
    ("{'private_key': 'abc def'}", "abc def"),
    ('{\\"client_secret\\": \\"two words\\"}', "words"),
    ("secret_key => 's3cr3t'", "s3cr3t"),
    (f"mnemonic: {WORDS}", "yellow"),
    (f"the passphrase = {WORDS}\nnext line", "sausage"),
    (f"signed with {KEY}", "4f4f"),
    (f"raw {KEY[2:]} end", "4f4f"),
    (f"key was {KEY.upper()}", "4F4F"),
    (f"loaded {PEM}", "MHcCAQ"),
    (f"cookie jar {JWT}", "c2lnbmF0dXJl"),
    ("AKIAIOSFODNN7EXAMPLE is the id", "AKIAIOSFODNN7EXAMPLE"),
    ("GET /api/v1/atlas_k3Jd82Lm.9fQ2mZx7LrT5vB8nWc4HyK1sPd6GjE0a/", "9fQ2mZx7"),
    ("tried atlas_k3Jd82Lm.9fQ2mZx7LrT5vB8nWc4HyK1sPd6GjE0a.", "GjE0a"),
    ("pushed with ghp_16C7e42F292c6912E7710c838347Ae178B4a", "16C7e42F"),
]

HARMLESS = [
    "switch.halt by ann: spread is wide",
    "GET /api/v1/strategies/eth-trend-following-1h-strategy/?ordering=-return",
    "http://127.0.0.1:8000/api/v1/strategies/eth-trend-following-1h-strategy/",
    f"https://arbiscan.io/address/{ADDRESS}",
    f"collateral_token={ADDRESS}",
    "token_price_usd=1.25",
    "2024-05-01T00:00:00Z cycle 17 COMPLETED in 12.5 s",
    "the basic rule of the token is simple",
    "0x2386f26fc10000",
]


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_a_secret_in_free_text_is_hidden(text, secret):
    hidden = redact_text(text)
    assert secret not in hidden
    assert HIDDEN in hidden
    assert redact_text(hidden).count(HIDDEN) >= 1


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_secret_stays_readable(text):
    assert redact_text(text) == text


def test_what_stands_around_a_secret_stays_readable():
    assert (
        redact_text("connecting to postgresql://app:hunter2@db:5432/atlas failed")
        == f"connecting to postgresql://{HIDDEN}@db:5432/atlas failed"
    )
    assert redact_text("a\npassword=x, host=db") == f"a\npassword={HIDDEN}, host=db"


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "DB_PASSWORD",
        "signer-passphrase",
        "apiKey",
        "api_key",
        "x-api-key",
        "privateKey",
        "access_token",
        "tokens",
        "bot_token",
        "Authorization",
        "cookie",
        "sentry.dsn",
        "credentials",
        "secret_key_old",
        "flower_basic_auth",
        "otp",
    ],
)
@pytest.mark.parametrize("value", ["plain words", 123456, ["a", "b"], {"x": "y"}, b"bytes", None])
def test_a_field_whose_name_promises_a_secret_is_hidden_whatever_it_holds(name, value):
    assert redact_value(name, value) == HIDDEN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("keyboard", "qwerty"),
        ("token_price_usd", "1.25"),
        ("collateral_token", ADDRESS),
        ("tx_hash", KEY),
        ("intent_digest", KEY[2:]),
        ("count", 5),
        ("secretary", "Ann"),
    ],
)
def test_other_fields_keep_their_values(name, value):
    assert redact_value(name, value) == value


def test_a_hash_name_does_not_cover_up_more_than_a_hash():
    assert "hunter2" not in redact_value("tx_hash", "password=hunter2")


def test_nested_values_and_keys_are_searched():
    value = {
        "rows": [{"password": "a"}, ("password=hunter2", {"deep": {KEY}})],
        "redis://:hunter2@h/0": 1,
    }
    found = repr(redact_value("event", value))
    assert "hunter2" not in found
    assert "4f4f" not in found


class Chatty:
    """Say a secret when asked for its form."""

    def __repr__(self):
        return "Chatty(url='redis://:hunter2@host/0')"


@pytest.mark.parametrize(
    "value",
    [
        Chatty(),
        ValueError("password=hunter2"),
        b"password=hunter2",
        [Chatty()],
        {"x": Chatty()},
        {"y": ValueError("redis://:hunter2@host")},
    ],
)
def test_objects_are_written_as_redacted_text(value):
    assert "hunter2" not in repr(redact_value("event", value))


def test_known_secrets_are_hidden_wherever_they_occur_also_percent_encoded():
    protect(["correct/horse staple"])
    assert redact_text("<<correct/horse staple>>") == f"<<{HIDDEN}>>"
    assert redact_text("x=correct%2Fhorse%20staple") == f"x={HIDDEN}"


def test_a_short_secret_does_not_blot_out_ordinary_words():
    protect(["atlas"])
    assert len("atlas") < MIN_KNOWN_LENGTH
    assert redact_text("atlas starts") == "atlas starts"


@given(st.text())
def test_redaction_never_fails_and_is_stable(text):
    once = redact_text(text)
    assert redact_text(once) == once


@given(st.text(alphabet="abcdefXYZ0189-_.~", min_size=8, max_size=40))
def test_any_password_in_an_address_is_hidden(password):
    assert password not in redact_text(f"cannot reach postgresql://someone:{password}@db/atlas")
