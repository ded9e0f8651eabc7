"""Signs of life of processes that nobody can see into from outside."""

from django.db import models


class Heartbeat(models.Model):
    """When a part of the running house was last known to be alive.

    One row a part: `beat` for the scheduler, `queue:trading` for a worker that consumes that queue.
    Who is alive raises its own row; `/health` reads how long ago that was.
    """

    name = models.CharField(max_length=60, unique=True)
    seen_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} at {self.seen_at:%Y-%m-%d %H:%M:%S}"
