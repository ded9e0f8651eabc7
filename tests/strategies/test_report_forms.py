"""The report as CSV, as a page and as PDF: the same numbers, and nothing that runs or fetches."""

import csv
import io
import logging
import re
import sys
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.db import connection
from pypdf import PdfReader

from strategies.models import Strategy
from strategies.report import computing, printing
from tests.factories import StrategyFactory
from tests.strategies.world import LIST, get

pytestmark = pytest.mark.django_db

PATH = f"{LIST}eth-ema-trend/report/"
ROOT = Path(__file__).resolve().parent.parent.parent


class Page(HTMLParser):
    """Remembers the tags and attributes of a page, its exact values and its words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.exact, self.words = set(), [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs
        self.exact += [value for name, value in attrs if tag == "data" and name == "value"]

    def handle_data(self, data):
        self.words.append(data.strip())


def page_of(client, **query):
    answer = client.get(PATH, {"format": "html", **query})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/html; charset=utf-8")
    return answer, Page(answer.content.decode())


def rows_of(client, **query):
    answer = client.get(PATH, {"format": "csv", **query})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    return answer, list(csv.DictReader(io.StringIO(answer.content.decode())))


def numbers_in(client, **query):
    """Give each metric as the JSON text writes it."""
    text = client.get(PATH, query).content.decode()
    return dict(re.findall(r'"(\w+)":\{"value":(-?[\d.e-]+|null|"[^"]*")', text))


def test_each_number_of_the_csv_has_the_digits_of_the_document(client, standing):
    _, rows = rows_of(client, source="backtest")
    written = {row["name"]: row["value"] for row in rows if row["section"] == "metric"}
    told = numbers_in(client, source="backtest")
    assert len(told) > 40
    assert written == {name: text.strip('"').replace("null", "") for name, text in told.items()}


def test_each_number_of_the_csv_says_what_it_was_made_from(client, standing):
    report = get(client, PATH, source="backtest")
    _, rows = rows_of(client, source="backtest")
    by_name = {row["name"]: row for row in rows if row["section"] == "metric"}
    for name, metric in report["metrics"].items():
        sample_of = report["provenances"][metric["provenance"]]
        cells = {field: by_name[name][field] for field in sample_of}
        assert cells == {
            field: "" if value is None else str(value) for field, value in sample_of.items()
        }


def test_the_csv_is_a_file_and_holds_every_part_of_the_report(client, standing):
    answer, rows = rows_of(client, source="backtest")
    disposition = 'attachment; filename="eth-ema-trend-report.csv"'
    assert answer["Content-Disposition"] == disposition
    report = get(client, PATH, source="backtest")
    sections = [row["section"] for row in rows]
    assert sections.count("month") == 24
    assert sections.count("year") == 2
    assert sections.count("curve") == 3 * len(report["curves"]["on"])
    assert sections.count("histogram") == len(report["histogram"]["counts"])
    assert sections.count("claim verdict") == len(report["claims"]) == 4
    assert {"strategy", "terms", "window", "drawdown", "rolling", "fees", "benchmark"} <= {
        *sections
    }


def test_no_cell_of_the_csv_is_taken_for_a_formula(client, standing):
    Strategy.objects.filter(slug="eth-ema-trend").update(name='=HYPERLINK("http://x")')
    _, rows = rows_of(client)
    names = [row["value"] for row in rows if (row["section"], row["name"]) == ("strategy", "name")]
    assert names == ['\'=HYPERLINK("http://x")']


def test_the_page_holds_the_exact_numbers_beside_the_rounded_ones(client, standing):
    _, page = page_of(client, source="backtest")
    told = numbers_in(client, source="backtest")
    known = {text.strip('"') for text in told.values() if text != "null"}
    assert known <= set(page.exact)
    assert any("94.38" in words for words in page.words)


def test_the_page_runs_nothing_and_fetches_nothing(client, standing):
    answer, page = page_of(client)
    assert not page.tags & {"script", "link", "img", "iframe", "object", "form", "base", "use"}
    names = {name for name, _ in page.attributes}
    assert not names & {"style", "src", "href", "srcset", "action", "xlink:href"}
    assert not {name for name in names if name.startswith("on")}
    text = answer.content.decode()
    assert "url(" not in text
    assert "@import" not in text
    addresses = set(re.findall(r"https?://[^\s\"<]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_the_policy_lets_the_page_show_its_own_style_and_nothing_else(client, standing):
    answer, _ = page_of(client)
    policy = answer["Content-Security-Policy"]
    sheets = re.findall(r"<style[^>]*>(.*?)</style>", answer.content.decode(), flags=re.DOTALL)
    assert len(sheets) == 2
    digests = [b64encode(sha256(sheet.encode()).digest()).decode() for sheet in sheets]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert all(f"'sha256-{digest}'" in policy for digest in digests)
    assert "unsafe" not in policy


def test_what_a_producer_wrote_is_text_in_the_page_and_in_its_charts(client, standing):
    bad = "<script>alert(1)</script>"
    Strategy.objects.filter(slug="eth-ema-trend").update(name=bad)
    answer, page = page_of(client)
    assert "script" not in page.tags
    assert bad not in answer.content.decode()
    assert bad in page.words


def test_the_page_draws_growth_drawdown_distribution_and_rolling_metrics(client, standing):
    answer, page = page_of(client, source="backtest")
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert "Return since the opening beside Ether" in labels
    assert {"Drawdown by day", "Histogram of daily returns", "Rolling Sharpe ratio"} <= {*labels}
    assert {"Rolling volatility", "Rolling beta"} <= {*labels}
    assert answer.content.count(b"<svg ") == 7  # and the bridge of the record
    assert "BACKTEST" in page.words


def test_a_strategy_without_a_series_has_a_page_that_says_so(client):
    StrategyFactory.create(slug="new", name="New one")
    answer = client.get(f"{LIST}new/report/", {"format": "html"})
    assert answer.status_code == 200
    page = Page(answer.content.decode())
    assert "NO SERIES" in page.words
    assert "svg" not in page.tags


def test_the_pdf_reads_back_with_the_numbers_and_the_label(client, standing, caplog):
    with caplog.at_level(logging.WARNING, logger="weasyprint"):
        answer = client.get(PATH, {"format": "pdf", "source": "backtest"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == 'inline; filename="eth-ema-trend-report.pdf"'
    reader = PdfReader(io.BytesIO(answer.content))
    text = "\n".join(page.extract_text() for page in reader.pages)
    assert 3 <= len(reader.pages) <= 6
    assert "ETH EMA Trend" in text
    assert "BACKTEST" in text
    assert "94.38" in text
    assert "Where the numbers come from" in text
    size = reader.pages[0].mediabox
    assert (round(float(size.width)), round(float(size.height))) == (595, 842)  # A4
    assert not [record for record in caplog.records if record.name.startswith("weasyprint")]


def test_the_same_page_prints_to_the_same_bytes():
    page = "<p>Once</p>"
    assert printing.pdf_of(page) == printing.pdf_of(page)


def test_printing_fetches_nothing_whatever_the_page_says(caplog):
    page = '<img src="http://127.0.0.1:9/x.png"><img src="file:///etc/hostname">'
    page += '<link rel="stylesheet" href="https://localhost/x.css"><p>Here</p>'
    printed = printing.pdf_of(page)
    assert len([one for one in caplog.messages if "disallowed protocol" in one]) == 3
    reader = PdfReader(io.BytesIO(printed))
    assert reader.pages[0].extract_text().strip() == "Here"
    assert not reader.pages[0].images


def test_without_the_libraries_the_answer_is_501_with_the_remedy(client, standing, monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    printing._engine.cache_clear()
    answer = client.get(PATH, {"format": "pdf"})
    printing._engine.cache_clear()
    body = answer.json()
    assert (answer.status_code, body["code"]) == (501, "not_installed")
    assert all(package in body["message"] for package in printing.SYSTEM_PACKAGES)
    assert "format=html" in body["message"]


def test_the_image_installs_what_printing_needs():
    final = (ROOT / "Dockerfile").read_text(encoding="utf-8").rpartition("FROM ")[2]
    installed = final.partition("apt-get install")[2].partition("&&")[0].split()
    assert {*printing.SYSTEM_PACKAGES, "fonts-dejavu-core"} <= {*installed}


@pytest.mark.parametrize("accept", ["application/json", "image/png"])
def test_a_form_that_is_not_accepted_is_refused_in_json(client, standing, accept):
    answer = client.get(PATH, {"format": "html"}, headers={"accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


@pytest.mark.parametrize(
    ("form", "accept"),
    [("html", "text/html"), ("csv", "text/*"), ("json", "*/*"), ("csv", "text/csv;q=0.9")],
)
def test_a_form_is_had_where_it_is_accepted(client, standing, form, accept):
    answer = client.get(PATH, {"format": form}, headers={"accept": accept})
    assert answer.status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_report_is_made_after_its_snapshot_has_been_closed(client, monkeypatch):
    StrategyFactory.create(slug="new", name="New one")
    open_transactions = []

    def compute(facts, wish):
        open_transactions.append(connection.in_atomic_block)
        return computing.compute(facts, wish)

    monkeypatch.setattr("strategies.views.report.compute", compute)
    assert client.get(f"{LIST}new/report/", {"format": "html"}).status_code == 200
    assert open_transactions == [False]
