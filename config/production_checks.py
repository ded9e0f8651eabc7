"""What production refuses: settings that are handy in development and dangerous elsewhere."""

from config.env import Environment

MIN_DISTINCT_CHARACTERS = 10
INSECURE_MARKERS = ("insecure", "change-me", "changeme", "example")


def production_problems(environment: Environment) -> list[str]:
    """List every setting that production refuses, one `ATLAS_X: reason` a line, no values."""
    problems = []
    if environment.debug:
        problems.append("ATLAS_DEBUG: must be false in production")
    if any("*" in host for host in environment.allowed_hosts):
        problems.append("ATLAS_ALLOWED_HOSTS: must name hosts, a wildcard is refused in production")
    if environment.embedded:
        problems.append("ATLAS_EMBEDDED: embedded services are refused in production")
    secret = environment.secret_key.get_secret_value().lower()
    if (
        any(marker in secret for marker in INSECURE_MARKERS)
        or len(set(secret)) < MIN_DISTINCT_CHARACTERS
    ):
        problems.append("ATLAS_SECRET_KEY: must be random; make one with `openssl rand -base64 48`")
    if environment.outbound_allow_private:
        problems.append("ATLAS_OUTBOUND_ALLOW_PRIVATE: must be false in production")
    return problems
