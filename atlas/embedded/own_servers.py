"""Tries the servers that the caller named, so that a wrong address is a sentence and not a trace.

Nothing of an address is repeated but the name of its variable: it holds a password.
"""

import psycopg
import redis

from atlas.embedded.problems import CannotStart

CONNECT_SECONDS = 5

# What the client library says, and what that means to the person who wrote the address.
DATABASE_REASONS = {
    "password authentication failed": "the server refuses this user or password",
    "no password supplied": "the server wants a password and the address has none",
    "does not exist": "there is no such database or user on that server",
    "Connection refused": "nothing listens at that host and port",
    "could not translate host name": "the host's name is unknown",
    "failed to resolve host": "the host's name is unknown",
    "timeout expired": f"the host does not answer within {CONNECT_SECONDS} s",
    "Network is unreachable": "the network does not lead there",
    "no pg_hba.conf entry": "the server does not let this machine in",
    "permission denied": "the user may not connect to that database",
}


def check_database(name: str, url: str) -> None:
    """Raise CannotStart unless a connection to the database in variable `name` can be made."""
    try:
        psycopg.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError as problem:
        raise CannotStart(_sentence(name, database_reason(str(problem)))) from None
    except (psycopg.Error, ValueError):
        reason = "it is not a valid address (postgresql://user:password@host:port/name)"
        raise CannotStart(_sentence(name, reason)) from None


def check_redis(name: str, url: str) -> None:
    """Raise CannotStart unless the Redis in variable `name` answers."""
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=CONNECT_SECONDS)
        client.ping()
        client.close()
    except redis.AuthenticationError:
        raise CannotStart(_sentence(name, "the server refuses this password")) from None
    except redis.RedisError:
        reason = "nothing that speaks Redis answers at that host and port"
        raise CannotStart(_sentence(name, reason)) from None
    except ValueError:
        reason = "it is not a valid address (redis://:password@host:port/0)"
        raise CannotStart(_sentence(name, reason)) from None


def database_reason(said: str) -> str:
    """Find the meaning of a client library's message, never repeating it."""
    reasons = [reason for sign, reason in DATABASE_REASONS.items() if sign in said]
    return reasons[0] if reasons else "the server refuses the connection"


def _sentence(name: str, reason: str) -> str:
    """Word the finding with its remedy."""
    return (
        f"{name} cannot be used: {reason}. Correct it, or unset it to let Atlas run its own server."
    )
