"""Which shipped schedule a row of django-celery-beat came from, and as what it was shipped."""

from django.db import models


class ShippedSchedule(models.Model):
    """The default that Atlas shipped for one periodic task.

    The hash of the shipped default stands beside the row; a row that an operator edited no longer
    equals it and is left alone by later deployments.
    """

    name = models.CharField(max_length=200, unique=True)
    default_hash = models.CharField(max_length=64)
    shipped_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
