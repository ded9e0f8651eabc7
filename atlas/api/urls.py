"""Paths of the kit itself under /api/v1/."""

from django.urls import path

from atlas.api.meta import ErrorCodesView

urlpatterns = [path("meta/errors/", ErrorCodesView.as_view(), name="meta-errors")]
