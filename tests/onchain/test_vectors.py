"""No vector lies about unused: each file is read by a test, and each Reader answer is decoded."""

from pathlib import Path

import pytest

from onchain import interface, reasons
from tests.onchain.test_interface import plain
from tests.onchain.vectors import FOLDER, load, raw

TESTS = Path(__file__).resolve().parents[1]
READERS = {"v2.2b": "ReaderV22b", "v2.2c": "ReaderV22c"}
ANSWERS = load("gmx_reader_returns")["cases"]
DHEDGE_ERRORS = load("dhedge_errors")
# Names for the places that other vectors write in full.
PLACEHOLDERS = {"dhedge_addresses"}


def test_every_file_of_vectors_is_read_by_a_test():
    text = "\n".join(path.read_text() for path in TESTS.rglob("*.py"))
    unread = {
        path.stem
        for path in FOLDER.glob("*.json")
        if f'"{path.stem}"' not in text and path.name not in text
    }
    assert unread - PLACEHOLDERS == set()


@pytest.mark.parametrize("contract", DHEDGE_ERRORS)
def test_every_declared_error_of_the_vaults_side_has_a_name(contract):
    for signature, chosen in DHEDGE_ERRORS[contract].items():
        assert reasons._shapes()[raw(chosen)].signature == signature


def test_the_selector_history_names_the_one_that_is_spoken_now():
    now = interface.function("ExchangeRouter", "createOrder")
    history = load("gmx_create_order_selector_history")
    assert "0x" + now.selector.hex() in str(history)


@pytest.mark.parametrize(
    "vector",
    ANSWERS,
    ids=lambda one: f"{one['generation']}-{one['function']}-{one['description'][:24]}",
)
def test_every_answer_of_a_reader_is_decoded_whole(vector):
    function = interface.function(READERS[vector["generation"]], vector["function"])
    assert list(function.output_types) == vector["returnTypes"]
    assert plain(function.results(raw(vector["returnData"]))) == plain(vector["decoded"])
