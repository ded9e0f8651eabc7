"""Keys with which servers ask the API."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from rest_framework_api_key.crypto import KeyGenerator, concatenate
from rest_framework_api_key.models import AbstractAPIKey, BaseAPIKeyManager

from atlas.api.access import Scope
from atlas.models.base import choice_list
from atlas.rights import NONE, Rights

BRAND = (
    "atlas_"  # in front of every key, so that scanners and our own logs know one when they see it
)
MOST_REQUESTS_PER_MINUTE = 6_000
CHANGING = (
    "expiry_date",
    "revoked",
    "revoked_at",
    "revoked_by",
    "revocation_reason",
    "replaced_by_id",
    "last_used_at",
    "last_used_address",
)


class BrandedKeys(KeyGenerator):
    """Keys like `atlas_k3Jd82Lm.` and 32 letters and digits: 190 bits of chance.

    So much chance cannot be guessed, hence the library's plain SHA-512 is the right hash: a slow one
    would protect nothing more and cost each request its time.
    """

    def generate(self) -> tuple[str, str, str]:
        """Make a key; gives it whole, its prefix, and its hash."""
        prefix = self.get_prefix()
        key = BRAND + concatenate(prefix, self.get_secret_key())
        return key, prefix, self.hash(key)


class ApiKeyManager(BaseAPIKeyManager):
    """The door to the table."""

    key_generator = BrandedKeys()

    def assign_key(self, obj: Any) -> str:
        """Give a row its prefix and hash, and the caller the key that nobody sees again.

        The library would make the hash a part of the primary key, and so of addresses and logs.
        """
        key, obj.prefix, obj.hashed_key = self.key_generator.generate()
        return key


class ApiKey(AbstractAPIKey):
    """A word that a server shows to be let in: whose it is, what it opens, and until when.

    The word itself is nowhere; only its hash is. A key ends by its date or by being revoked, and
    nothing brings it back. Rotation makes another key and shortens the life of this one.
    """

    database_rights = Rights(app=frozenset({"SELECT", "INSERT"}), signer=NONE, app_updates=CHANGING)

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # the library's would hold the hash
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="api_keys",
        help_text="Who answers for it; it opens nothing while this account is inactive.",
    )
    scopes = ArrayField(
        models.CharField(max_length=40, choices=choice_list(Scope)),
        default=list,
        help_text="What it reads beyond the public part.",
    )
    requests_per_minute = models.PositiveIntegerField()
    replaced_by = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    issued_by = models.CharField(max_length=150)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=150, blank=True)
    revocation_reason = models.CharField(max_length=500, blank=True)
    last_used_at = models.DateTimeField(
        null=True, blank=True, help_text="To the minute: not each request is written down."
    )
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    objects = ApiKeyManager()  # type: ignore[assignment,misc]  # the library's manager makes keys without a brand

    class Meta:
        ordering = ["-pk"]
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="api_key_has_a_name"),
            models.CheckConstraint(
                condition=Q(expiry_date__isnull=False), name="api_key_ends_some_day"
            ),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[scope.value for scope in Scope]),
                name="api_key_scopes_known",
            ),
            models.CheckConstraint(
                condition=Q(requests_per_minute__gte=1)
                & Q(requests_per_minute__lte=MOST_REQUESTS_PER_MINUTE),
                name="api_key_rate_in_range",
            ),
            models.CheckConstraint(
                condition=Q(revoked=False, revoked_at__isnull=True, revoked_by="")
                | (Q(revoked=True, revoked_at__isnull=False) & ~Q(revoked_by="")),
                name="api_key_revoked_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(replaced_by=F("id")), name="api_key_not_its_own_successor"
            ),
        ]
        permissions = [("manage_api_keys", "Can issue, rotate and revoke API keys")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix})"
