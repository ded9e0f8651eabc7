"""What every test of trading runs under."""

import pytest

from atlas import switches


@pytest.fixture(autouse=True)
def _patient_gate(request, monkeypatch):
    """Let the gate's time-outs be long where the whole test is one transaction.

    There they outlive the gate and would end the test's own connection on a busy machine. Tests
    with real transactions run under the real time-outs.
    """
    marker = request.node.get_closest_marker("django_db")
    if marker is not None and not marker.kwargs.get("transaction"):
        monkeypatch.setattr(switches, "HOLDER_IDLE_MS", 120_000)
        monkeypatch.setattr(switches, "HOLDER_STATEMENT_MS", 120_000)
