"""The console's admin site."""

from unfold.sites import UnfoldAdminSite


class ConsoleSite(UnfoldAdminSite):
    """The operations console of Atlas."""

    site_title = "Atlas"
    site_header = "Atlas operations"
    index_title = "Operations"
