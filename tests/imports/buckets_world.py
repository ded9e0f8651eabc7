"""An S3 service on this machine, as far as imports need one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from pydantic import SecretStr

from imports.buckets import Bucket, _client
from imports.credentials import S3Credentials


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and how it is reached."""

    access: S3Credentials
    client: Any

    def bucket(self, *, versioned: bool = False) -> Bucket:
        """Make an empty bucket."""
        name = f"tests-{uuid4().hex}"
        self.client.create_bucket(Bucket=name)
        if versioned:
            self.client.put_bucket_versioning(
                Bucket=name, VersioningConfiguration={"Status": "Enabled"}
            )
        return Bucket(name, self.access)

    def put(self, bucket: Bucket, key: str, content: bytes) -> None:
        """Store an object as a producer would."""
        self.client.put_object(Bucket=bucket.name, Key=key, Body=content)


@contextmanager
def serving() -> Iterator[Service]:
    """Run a service for a while."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    access = S3Credentials(
        endpoint_url=f"http://{host}:{port}",
        region="us-east-1",
        access_key_id=SecretStr("tests"),
        secret_access_key=SecretStr("tests-secret"),
    )
    try:
        yield Service(access, _client(access))
    finally:
        server.stop()
