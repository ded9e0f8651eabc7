"""The OpenAPI document: complete, without warnings, and the committed one."""

import io
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from atlas.api.errors import ERROR_CODES

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def document():
    written = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=written)
    return written.getvalue()


def test_the_committed_document_is_what_the_code_says(document):
    committed = (ROOT / "docs" / "openapi.yaml").read_text(encoding="utf-8")
    is_current = committed == document  # a comparison in the assertion would print both, whole
    assert is_current, "run: make schema"


def test_every_operation_documents_its_errors_with_the_envelope(document):
    for path, methods in yaml.safe_load(document)["paths"].items():
        assert set(methods) == {"get"}, path
        operation = methods["get"]
        assert {"200", "304", "400", "401", "406", "429", "500", "503"} <= set(
            operation["responses"]
        )
        assert "content" not in operation["responses"].pop("304")
        for status, answer in operation["responses"].items():
            schema = answer["content"]["application/json"]["schema"]
            is_envelope = schema["$ref"] == "#/components/schemas/Error"
            assert is_envelope == (status != "200"), (path, status)
        assert operation["summary"]
        assert operation["description"]


def test_paths_that_name_an_object_and_lists_document_404(document):
    paths = yaml.safe_load(document)["paths"]
    assert "404" in paths["/api/v1/strategies/{slug}/"]["get"]["responses"]
    assert "404" in paths["/api/v1/strategies/"]["get"]["responses"]


def test_the_document_lists_every_error_code(document):
    codes = yaml.safe_load(document)["components"]["schemas"]["ErrorCode"]["enum"]
    assert set(codes) == set(ERROR_CODES)


def test_every_tag_is_described(document):
    loaded = yaml.safe_load(document)
    used = {tag for methods in loaded["paths"].values() for tag in methods["get"]["tags"]}
    assert used <= {tag["name"] for tag in loaded["tags"]}


def test_the_document_is_served_and_swagger_loads_nothing_from_elsewhere(client):
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js" in text
    assert "http://" not in text
    assert "https://" not in text
    script = client.get("/static/drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
    assert script.status_code == 200
    assert len(b"".join(script.streaming_content)) > 100_000


def test_the_landing_page_leads_to_the_documentation(client):
    assert client.get("/").headers["Location"] == "/docs"
