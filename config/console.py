"""How the console looks: names, colours, sidebar, style sheets of the admin theme."""

from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static


def _style(_request: HttpRequest) -> str:
    return static("atlas/console/console.css")


def _script(_request: HttpRequest) -> str:
    return static("atlas/console/console.js")


def _icon(_request: HttpRequest) -> str:
    return static("atlas/console/icon.svg")


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Atlas",
    "SITE_HEADER": "Atlas",
    "SITE_SUBHEADER": "Operations",
    "SITE_SYMBOL": "monitoring",
    "SITE_URL": "/docs",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _icon}],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "ENVIRONMENT": "atlas.console.site.installation_label",
    "STYLES": [_style],
    "SCRIPTS": [_script],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "atlas.console.navigation.navigation",
    },
    "ACCOUNT": {"navigation": [{"title": "My access", "link": "/admin/my-access/"}]},
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97.1% .014 244)",
            "100": "oklch(93.6% .03 244)",
            "200": "oklch(88.5% .058 244)",
            "300": "oklch(80.9% .1 244)",
            "400": "oklch(71.5% .14 244)",
            "500": "oklch(62.5% .165 246)",
            "600": "oklch(54% .17 248)",
            "700": "oklch(47% .15 250)",
            "800": "oklch(41% .12 251)",
            "900": "oklch(37% .095 252)",
            "950": "oklch(28% .07 254)",
        },
    },
}
