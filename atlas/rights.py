"""What each database role may do to each table, told by the models themselves.

A model that says nothing gives the app role the four verbs of daily work and the signer nothing.
A model with append-only triggers gives the app role reading and inserting. Everything else is said
by the model in a `database_rights` attribute. Nobody but the owner may truncate, reference, or
touch triggers.
"""

from dataclasses import dataclass

from django.db import models

READ = frozenset({"SELECT"})
APPEND = frozenset({"SELECT", "INSERT"})
WRITE = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rights:
    """The verbs that the app role and the signer role have on one table.

    `app_updates` names the only columns that the app role may update.
    """

    app: frozenset[str]
    signer: frozenset[str] = NONE
    app_updates: tuple[str, ...] = ()


# Tables of Django and of third parties that need less than the four verbs, by model label.
FOREIGN_RIGHTS: dict[str, Rights] = {
    "admin.logentry": Rights(app=APPEND),
    "rest_framework_api_key.apikey": Rights(app=NONE),  # ours is atlas.ApiKey
}


def rights_of(model: type[models.Model]) -> Rights:
    """Give the verdict on a model's table."""
    declared = getattr(model, "database_rights", None)
    if isinstance(declared, Rights):
        return declared
    if model._meta.label_lower in FOREIGN_RIGHTS:
        return FOREIGN_RIGHTS[model._meta.label_lower]
    return Rights(app=APPEND if is_append_only(model) else WRITE)


def is_append_only(model: type[models.Model]) -> bool:
    """Say whether triggers refuse both update and deletion of this model's rows."""
    triggers = getattr(model._meta, "triggers", [])
    return any(trigger.name.endswith("_append_only") for trigger in triggers)
