"""The processes of a running Atlas, as `make run` and the Procfile start them."""

from collections.abc import Sequence
from dataclasses import dataclass

WEB_APP = "config.wsgi:application"
CELERY_APP = "config.celery:app"


@dataclass(frozen=True)
class StackProcess:
    """One process: its name, the role it plays (ATLAS_PROCESS) and what Python is told to run."""

    name: str
    role: str
    arguments: tuple[str, ...]


def web(*, port: int) -> StackProcess:
    """Describe the web server on a port of the loopback address."""
    arguments = ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
    arguments += ["--port", str(port), "--no-ws", "--workers", "1", "--blocking-threads", "4"]
    arguments += ["--workers-kill-timeout", "5", WEB_APP]
    return StackProcess("web", "web", tuple(arguments))


def worker() -> StackProcess:
    """Describe the worker of everything that needs no key."""
    return _celery_worker("worker", queues="trading,imports,default", concurrency=2)


def signer() -> StackProcess:
    """Describe the signer worker: one task at a time, so that nonces have one writer."""
    return _celery_worker("signer", queues="signer", concurrency=1)


def beat() -> StackProcess:
    """Describe the clock that sends due tasks; the settings name its scheduler."""
    arguments = ("-m", "celery", "-A", CELERY_APP, "-q", "beat", "--loglevel", "INFO")
    return StackProcess("beat", "beat", arguments)


def flower(*, port: int) -> StackProcess:
    """Describe the queue's own console, on a port of the loopback address."""
    arguments = ("-m", "celery", "-A", CELERY_APP, "-q", "flower", "--address=127.0.0.1")
    return StackProcess("flower", "flower", (*arguments, f"--port={port}"))


def stack(*, web_port: int, flower_port: int, with_signer: bool) -> Sequence[StackProcess]:
    """List the processes in the order in which they are started."""
    signers = [signer()] if with_signer else []
    return [web(port=web_port), worker(), *signers, beat(), flower(port=flower_port)]


def _celery_worker(name: str, *, queues: str, concurrency: int) -> StackProcess:
    """Describe a worker; gossip and mingling cost a second of start and serve clusters alone."""
    arguments = ["-m", "celery", "-A", CELERY_APP, "-q", "worker", "-n", f"{name}@%h", "-Q", queues]
    arguments += ["-c", str(concurrency), "--without-gossip", "--without-mingle"]
    return StackProcess(name, name, (*arguments, "--loglevel", "INFO"))
