"""The Celery application; tasks live beside the code they call."""

import os

from celery import Celery
from celery.signals import setup_logging
from django_structlog.celery.signals import bind_extra_task_metadata
from django_structlog.celery.steps import DjangoStructLogInitStep

from atlas.logging import bind_task_request_id
from atlas.worker import PulseStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("atlas")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.steps["worker"].add(DjangoStructLogInitStep)
bind_extra_task_metadata.connect(bind_task_request_id)
app.autodiscover_tasks()
if os.environ.get("ATLAS_PROCESS") != "signer":
    app.steps["worker"].add(PulseStep)
else:
    app.autodiscover_tasks(["onchain"], related_name="signer_tasks")


@setup_logging.connect
def use_django_logging(**_: object) -> None:
    """Log through Django's configuration, so that a worker's lines look like the web's."""
    from logging.config import dictConfig

    from django.conf import settings

    dictConfig(settings.LOGGING)
