"""A request's id travels through the broker into a real worker's log; secrets do not."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from django.http import HttpResponse
from django.test import RequestFactory
from kombu import Queue

from atlas.logging import RequestIdMiddleware
from config.celery import app
from tests.config import worker_tasks
from tests.config.secret_texts import QUEUE, SECRETS

PATIENCE_SECONDS = 40


class Worker:
    """A Celery worker in a process of its own, and what it has written so far."""

    def __init__(self, log_path):
        self._path = log_path
        command = [sys.executable, "-m", "celery", "--app", "config.celery", "worker"]
        options = ["--pool", "solo", "--queues", QUEUE, "--include", "tests.config.worker_tasks"]
        with log_path.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, *options, "--without-gossip", "--without-mingle"],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "ATLAS_PROCESS": "worker"},
            )

    def text(self):
        return self._path.read_text(encoding="utf-8")

    def lines(self, **wanted):
        """Give the JSON lines that have these values."""
        found = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in found if all(line.get(key) == wanted[key] for key in wanted)]

    def wait_for(self, **wanted):
        """Wait for a line with these values and give it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            assert self._process.poll() is None, self.text()
            if found := self.lines(**wanted):
                return found[0]
            time.sleep(0.1)
        raise AssertionError(f"no line with {wanted} in:\n{self.text()}")

    def stop(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=20)


@pytest.fixture(scope="module")
def worker(tmp_path_factory):
    running = Worker(tmp_path_factory.mktemp("worker") / "log")
    yield running
    running.stop()
    with app.connection_for_write() as connection:
        Queue(QUEUE).bind(connection.channel()).delete()


def send_within_request(task, *arguments, request_id):
    """Send a task as a view would: inside of a request that carries an id."""
    sent = []

    def view(_request):
        sent.append(task.apply_async(arguments, queue=QUEUE))
        return HttpResponse()

    request = RequestFactory().get("/", headers={"x-request-id": request_id})
    RequestIdMiddleware(view)(request)
    return sent[0].id


def test_a_task_logs_under_the_id_of_the_request_that_sent_it(worker):
    task_id = send_within_request(worker_tasks.say, "hello", request_id="from-the-web-1")
    said = worker.wait_for(event="said", task_id=task_id)
    assert (said["request_id"], said["own_id"]) == ("from-the-web-1", "from-the-web-1")
    ended = worker.wait_for(event="task_succeeded", task_id=task_id)
    assert ended["request_id"] == "from-the-web-1"


def test_the_id_is_passed_on_from_task_to_task(worker):
    parent = send_within_request(worker_tasks.pass_on, request_id="from-the-web-2")
    said = worker.wait_for(event="said", words="passed on")
    assert (said["request_id"], said["parent_task_id"]) == ("from-the-web-2", parent)
    assert len(worker.lines(event="task_enqueued", request_id="from-the-web-2")) == 1


def test_a_task_that_no_request_sent_has_an_id_of_its_own(worker):
    sent = worker_tasks.say.apply_async(("alone",), queue=QUEUE)
    said = worker.wait_for(event="said", words="alone")
    assert said["request_id"] == said["own_id"] == sent.id


def test_a_failing_task_writes_its_traceback_and_no_secret(worker):
    task_id = send_within_request(worker_tasks.fail, request_id="from-the-web-3")
    failed = worker.wait_for(event="task_failed", task_id=task_id)
    assert failed["request_id"] == "from-the-web-3"
    assert "RuntimeError" in failed["exception"]
    send_within_request(worker_tasks.say, f"to say {SECRETS[1]}", request_id="from-the-web-4")
    worker.wait_for(event="said", request_id="from-the-web-4")
    text = worker.text()
    for secret in SECRETS:
        assert secret not in text
    assert os.environ["ATLAS_SECRET_KEY"] not in text


def test_every_line_that_a_worker_writes_once_it_works_is_json(worker):
    send_within_request(worker_tasks.say, "begin", request_id="from-the-web-5")
    worker.wait_for(event="said", words="begin")
    send_within_request(worker_tasks.fail, request_id="from-the-web-6")
    worker.wait_for(event="task_failed", request_id="from-the-web-6")
    lines = worker.text().splitlines()
    begun = next(number for number, line in enumerate(lines) if '"words": "begin"' in line)
    assert [line for line in lines[begun:] if not line.startswith("{")] == []
