"""Who may do what in the console: every act beside the rows' own add, change and delete pages."""

from atlas.roles import ADMIN, ANALYST, RISK, TRADER, VIEWER

EVERYBODY = frozenset({VIEWER, ANALYST, TRADER, RISK, ADMIN})
ACTIVE = frozenset({ANALYST, TRADER, RISK, ADMIN})
HALTERS = frozenset({TRADER, RISK, ADMIN})

# Name of the path, what fills its gaps, who may. Each kind of approval that is asked for on the
# console's own form is a row of its own.
ACTS: dict[tuple[str, tuple[object, ...]], frozenset[str]] = {
    ("halt", ()): HALTERS,
    ("halt_scope", (0,)): HALTERS,
    ("restore", ()): frozenset({RISK}),
    ("restore_scope", (0,)): frozenset({RISK}),
    ("decide", (0,)): frozenset({RISK}),
    ("withdraw", (0,)): EVERYBODY,  # one's own alone: refused for others in the function itself
    ("ask", ("live.start",)): frozenset({TRADER, RISK}),
    ("ask", ("allow_list.add",)): frozenset({RISK}),
    ("ask", ("chain_state.adopt",)): frozenset({RISK}),
    ("ask", ("signer.change",)): frozenset({ADMIN}),
    ("my_access", ()): EVERYBODY,
    ("second_factor", ()): EVERYBODY,
    ("enrol", ()): EVERYBODY,
    ("password_change", ()): EVERYBODY,
    ("atlas_alert_acknowledge", (0,)): ACTIVE,
    ("atlas_alert_resolve", (0,)): ACTIVE,
    ("atlas_apikey_issue", ()): frozenset({ADMIN}),
    ("atlas_apikey_rotate", (0,)): frozenset({ADMIN}),
    ("atlas_apikey_revoke", (0,)): frozenset({ADMIN}),
    ("execution_deployment_pause", (0,)): frozenset({TRADER, RISK}),
    ("execution_deployment_resume", (0,)): frozenset({TRADER, RISK}),
    ("execution_deployment_preview", (0,)): frozenset({TRADER, RISK}),
    ("execution_deployment_run_now", (0,)): frozenset({TRADER}),
    ("execution_deployment_change_parameters", (0,)): frozenset({TRADER}),
    ("execution_deployment_change_limits", (0,)): frozenset({RISK}),
    ("imports_hand_in", ()): frozenset({ANALYST}),
    ("imports_importrun_apply", (0,)): frozenset({ANALYST}),
    ("imports_importrun_revert", (0,)): frozenset({ANALYST}),
    ("imports_importrun_review_again", (0,)): frozenset({ANALYST}),
    ("imports_importsource_fetch_now", (0,)): frozenset({ANALYST}),
    ("imports_importsource_edit", (0,)): frozenset({ANALYST}),
    ("imports_importsource_disable", (0,)): frozenset({ANALYST}),
    ("imports_importsource_enable", (0,)): frozenset({ANALYST}),
}

# Paths that show something, or that are how one comes in and goes; none of them acts on the house.
READS = frozenset(
    {
        "app_list",
        "auth_user_password_change",
        "autocomplete",
        "imports_issues_csv",
        "imports_progress",
        "imports_raw_record",
        "index",
        "jsi18n",
        "login",
        "logout",
        "password_change_done",
        "search",
        "view_on_site",
    }
)

# Whose rows may be added, changed or deleted on their own pages, by (verb, app).
EDITS: dict[tuple[str, str], frozenset[str]] = {
    ("add", "auth"): frozenset({ADMIN}),
    ("change", "auth"): frozenset({ADMIN}),
    ("add", "django_celery_beat"): frozenset({ADMIN}),
    ("change", "django_celery_beat"): frozenset({ADMIN}),
    ("delete", "django_celery_beat"): frozenset({ADMIN}),
}

# Commands that act, and in whose name: all take the shell's user, none takes a role, so whoever has
# the shell of the installation may. Deciding about approvals and loosening under live trading have
# no command on purpose.
COMMANDS_THAT_ACT = frozenset(
    {"halt", "restore", "lost_device", "unlock_login", "ensure_roles", "run_cycle_now"}
)
