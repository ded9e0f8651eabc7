"""A task that does nothing, in a queue of its own: what any task costs through the queue."""

from config.celery import app

QUEUE = "bench"


@app.task(name="benchmarks.nothing", ignore_result=True)
def nothing() -> None:
    """Do nothing; the cost is the way here."""
