"""Where each path leads."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from atlas import views

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs"), name="landing"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    path("health", views.health, name="health"),
    path("metrics", views.metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/v1/", include("atlas.api.urls")),
    path("api/v1/", include("strategies.urls")),
    path("api/v1/", include("onchain.urls")),
    path("api/v1/", include("execution.urls")),
]
