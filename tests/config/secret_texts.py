"""Texts full of what must never be written; the tests of the log feed them through every path."""

KEY = "0x" + "ab" * 32
PASSWORD = "hunter2-hunter2"
TOKEN = "Bearer abcdef0123456789"
URL = f"postgresql://atlas_app:{PASSWORD}@db.internal:5432/atlas"
SHAPED = f"{URL} key={KEY} Authorization: {TOKEN} password={PASSWORD}"
LOOSE = "a-secret-without-any-shape"
EVERYTHING = f"{SHAPED} {LOOSE}"
SECRETS = [KEY, KEY[2:], PASSWORD, "abcdef0123456789", LOOSE]

QUEUE = "log-tests"
