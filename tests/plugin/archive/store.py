"""moto's S3 server on loopback, in which requests can be made to fail."""

from __future__ import annotations

import logging
import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Self

__all__ = ["Store"]

_REFUSED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
_BUSY = b"<?xml version='1.0'?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


class Store:
    """A context. Its bucket is ``s3://archive``.

    Attributes
    ----------
    refused : methods such as PUT that are answered with 403.
    failing : the part of all requests that fail: answered with 500 or 503, or cut off in the middle of the body.
    requests : so many of each method and answer.
    writes : so many of each object whose upload was complete.
    """

    def __init__(self, *, failing: float = 0.0, seed: int = 0) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app
        from werkzeug.serving import make_server

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._app = DomainDispatcherApplication(create_backend_app)
        self._server = make_server("127.0.0.1", 0, self._answer, threaded=True)
        self._chance, self._lock = random.Random(seed), threading.Lock()
        self.refused: set[str] = set()
        self.failing = failing
        self.requests: Counter[tuple[str, str]] = Counter()
        self.writes: Counter[str] = Counter()
        self.url = f"http://127.0.0.1:{self._server.port}"
        self.environment = {
            "AWS_ENDPOINT_URL": self.url, "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
        }  # fmt: skip

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        with self._lock:
            fails = self._chance.random() < self.failing
            kind = self._chance.choice(["500", "503", "cut"])
        if method in self.refused:
            return self._with("403 Forbidden", _REFUSED, environ, start)
        if fails and kind != "cut":
            return self._with("503 Slow Down" if kind == "503" else "500 Internal Error", _BUSY, environ, start)
        answer: list[Any] = []
        body = b"".join(self._app(environ, lambda *a: answer.extend(a)))
        status, headers = answer[0], list(answer[1])
        if fails and method == "GET" and len(body) > 1:
            self._count(method, "cut")
            start(status, headers)
            return [body[: len(body) // 2]]
        self._count(method, status[:3])
        if method == "PUT" and status.startswith("200") and "partNumber" not in environ.get("QUERY_STRING", ""):
            with self._lock:
                self.writes[path] += 1
        start(status, headers)
        return [body]

    def _with(self, status: str, body: bytes, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        left = int(environ.get("CONTENT_LENGTH") or 0)
        while left > 0 and (part := environ["wsgi.input"].read(min(left, 1 << 16))):
            left -= len(part)
        self._count(environ["REQUEST_METHOD"], status[:3])
        start(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _count(self, method: str, status: str) -> None:
        with self._lock:
            self.requests[method, status] += 1

    def files(self) -> Any:
        """fsspec's file system for it."""
        import fsspec

        return fsspec.filesystem("s3", skip_instance_cache=True, endpoint_url=self.url, key="testing", secret="testing")

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        import boto3

        self._backend("reset")
        client = boto3.client("s3", endpoint_url=self.url, aws_access_key_id="testing",
                              aws_secret_access_key="testing", region_name="us-east-1")  # fmt: skip
        failing, self.failing = self.failing, 0.0
        client.create_bucket(Bucket="archive")
        self.failing = failing
        return self

    def _backend(self, action: str) -> None:
        import urllib.request

        failing, self.failing = self.failing, 0.0
        urllib.request.urlopen(urllib.request.Request(f"{self.url}/moto-api/{action}", method="POST")).close()
        self.failing = failing

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
