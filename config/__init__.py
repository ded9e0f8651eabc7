"""The switchboard: settings, URLs, Celery, WSGI. Nobody imports it."""
