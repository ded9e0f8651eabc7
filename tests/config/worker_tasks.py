"""Tasks that a worker of the log tests runs."""

import structlog
from celery import shared_task

from atlas.logging import current_request_id
from tests.config.secret_texts import QUEUE, SHAPED


@shared_task(name="tests.say")
def say(words):
    structlog.get_logger("tests").info("said", words=words, own_id=current_request_id())


@shared_task(name="tests.pass_on")
def pass_on():
    say.apply_async(("passed on",), queue=QUEUE)


@shared_task(name="tests.fail", acks_late=False)
def fail():
    raise RuntimeError(SHAPED)
