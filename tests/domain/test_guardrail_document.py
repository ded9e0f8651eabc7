"""The document of the guardrails says what the rules do."""

from pathlib import Path

from atlas.domain.guardrail_document import limits_table, rules_table
from atlas.domain.guardrail_rules import HOUSE_RULES

DOCUMENT = Path(__file__).resolve().parents[2] / "docs/guardrails.md"


def test_the_document_has_the_table_of_the_rules_and_of_the_limits():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert rules_table() in text
    assert limits_table() in text


def test_each_rule_says_in_a_sentence_what_it_asks():
    for rule in HOUSE_RULES:
        said = (rule.check.__doc__ or "").strip().splitlines()
        assert said, rule.name
        assert said[0].endswith((".", ":")), rule.name
