"""Django settings per environment, built from the typed environment of config.env."""
