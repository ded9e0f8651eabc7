"""How static files are stored once they are collected: hashed names, compressed beside."""

COLLECTED = {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
