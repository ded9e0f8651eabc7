"""The switchboard: settings, paths, the queue's application. Nobody imports it."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
