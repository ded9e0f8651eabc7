"""The console kit: the admin site, its dashboard, dialogs and read-only bases."""
