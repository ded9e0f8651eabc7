"""Paths of the vault register under /api/v1/."""

from rest_framework.routers import SimpleRouter

from onchain.views import VaultViewSet

router = SimpleRouter()
router.register("vaults", VaultViewSet, basename="vault")

urlpatterns = router.urls
