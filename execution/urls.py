"""Paths of trading under /api/v1/; those that join a strategy hang under its own path."""

from rest_framework.routers import SimpleRouter

from execution.views import (
    CycleViewSet,
    DeploymentViewSet,
    FillViewSet,
    OrderViewSet,
    PositionViewSet,
    SignalViewSet,
)

SLUG = r"(?P<slug>[A-Za-z0-9_-]+)"

router = SimpleRouter()
router.register("deployments", DeploymentViewSet, basename="deployment")
router.register("cycles", CycleViewSet, basename="cycle")
router.register("orders", OrderViewSet, basename="order")
router.register("fills", FillViewSet, basename="fill")
router.register(rf"strategies/{SLUG}/positions", PositionViewSet, basename="strategy-position")
router.register(rf"strategies/{SLUG}/signals", SignalViewSet, basename="strategy-signal")

urlpatterns = router.urls
