"""Paths of the catalogue under /api/v1/."""

from rest_framework.routers import SimpleRouter

from strategies.views import StrategyViewSet

router = SimpleRouter()
router.register("strategies", StrategyViewSet, basename="strategy")

urlpatterns = router.urls
