"""The yardstick of the report: a view that reads rows with the ORM and computes with pandas.

It answers with the headline metrics alone, through the same server, middleware and framework.
"""

import pandas as pd
from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.metrics import pandas_headlines
from benchmarks.report_figures import SLUG
from strategies.models import PerformancePoint


class PandasView(APIView):
    """The headline metrics of one strategy."""

    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        """Read, compute, answer."""
        points = PerformancePoint.objects.filter(strategy__slug=SLUG).order_by("as_of_at")
        rows = points.values_list("as_of_at", "nav_per_share_usd")
        frame = pd.DataFrame.from_records(rows, columns=["as_of_at", "nav"])
        navs = frame.set_index("as_of_at")["nav"].astype(float)
        return Response({name: float(one) for name, one in pandas_headlines(navs).items()})


urlpatterns = [path("api/v1/pandas/", PandasView.as_view())]
