"""So many requests at work and no more; streams are counted apart."""

import asyncio
import io
import threading
from collections.abc import Iterator
from typing import Any, Final

import pytest

from ruletag.edge import asgi
from ruletag.edge.asgi import AsgiApp, Sizes
from ruletag.http import api, refusals
from ruletag.http.app import flask_app
from ruletag.http.handling import Finished, Service, Silent, Terms
from ruletag.http.openapi import OPERATIONS, Operation

BY_HANDLER: Final = {operation.handler: operation for operation in OPERATIONS}
LARGE: Final = b"a" * 20_000


class Slow:
    """Handlers that wait until they may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.has_begun = threading.Semaphore(0)

    def post_tag(self, request: api.Request) -> api.Response:
        """Wait."""
        del request
        self.has_begun.release()
        self.may_go_on.wait(10)
        return api.Response(200, b"{}")

    def post_batch(self, request: api.Request) -> api.Response:
        """Answer in pieces."""
        return api.Response(200, iter([b"{}\n", b"{}\n"]), request.headers["content-type"])

    def get_livez(self, request: api.Request) -> api.Response:
        """Answer."""
        del request
        return api.Response(200, b"{}")


class Counting(Silent):
    """Counts what is told."""

    def __init__(self) -> None:
        self.under_way = 0
        self.reasons: list[str] = []
        self.told: list[Finished] = []

    def started(self) -> None:
        """Count."""
        self.under_way += 1

    def refused(self, reason: str) -> None:
        """Count."""
        self.reasons.append(reason)

    def finished(self, finished: Finished) -> None:
        """Count."""
        self.under_way -= 1
        self.told.append(finished)


def asked(operation: Operation, kind: str = api.JSON, body: bytes = b"") -> api.Request:
    headers = {"host": "x", "content-type": kind}
    return api.Request("id", operation.method, operation.path, {}, headers, io.BytesIO(body))


def ask(service: Service, handler: str, kind: str = api.JSON) -> api.Response:
    return service.handle(BY_HANDLER[handler], asked(BY_HANDLER[handler], kind))


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.may_go_on.set()


@pytest.fixture
def observer() -> Counting:
    return Counting()


def test_what_comes_above_the_cap_is_refused(slow: Slow, observer: Counting) -> None:
    service = Service([slow], Terms(observer=observer, at_work=2))
    at_work = [threading.Thread(target=ask, args=(service, "post_tag")) for _ in range(2)]
    for thread in at_work:
        thread.start()
        assert slow.has_begun.acquire(timeout=5)

    refused = ask(service, "post_tag")
    alive = ask(service, "get_livez")
    stream = ask(service, "post_batch", api.NDJSON)
    slow.may_go_on.set()
    for thread in at_work:
        thread.join()

    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")
    assert isinstance(refused.body, bytes)
    assert b'"code":"overloaded"' in refused.body
    assert (alive.status, stream.status) == (200, 200)
    assert ask(service, "post_tag").status == 200
    assert observer.reasons == ["at_work"]


@pytest.mark.parametrize("ending", ["read to its end", "left in the middle", "never read"])
def test_a_stream_holds_its_place_until_it_ends(
    slow: Slow, observer: Counting, ending: str
) -> None:
    service = Service([slow], Terms(observer=observer, streams=1))
    first = ask(service, "post_batch", api.NDJSON)
    assert not isinstance(first.body, bytes)

    refused = ask(service, "post_batch", api.NDJSON)
    whole = ask(service, "post_batch", api.JSON)
    under_way = observer.under_way
    if ending == "read to its end":
        assert b"".join(first.body) == b"{}\n{}\n"
    elif ending == "left in the middle":
        next(first.body)
    first.body.close()  # type: ignore[attr-defined] # as WSGI servers do
    second = ask(service, "post_batch", api.NDJSON)

    assert (refused.status, whole.status, second.status) == (503, 200, 200)
    assert observer.reasons == ["streams"]
    assert under_way == 2  # the first, and the JSON batch


def test_each_request_is_told_once(slow: Slow, observer: Counting) -> None:
    slow.may_go_on.set()
    service = Service([slow], Terms(observer=observer))

    ask(service, "post_tag")
    service.refused(refusals.RequestError(404, "not_found", ""), asked(BY_HANDLER["post_tag"]))
    stream = ask(service, "post_batch", api.NDJSON).body
    list(stream)

    assert observer.under_way == 0
    assert [(told.route, told.method, told.status) for told in observer.told] == [
        ("/v1/tag", "POST", 200),
        ("other", "POST", 404),
        ("/v1/tag/batch", "POST", 200),
    ]


class _Failing:
    def post_batch(self, request: api.Request) -> api.Response:
        """Fail in the middle of the answer."""
        del request

        def pieces() -> Iterator[bytes]:
            yield b"{}"
            raise ZeroDivisionError

        return api.Response(200, pieces(), api.NDJSON)


def test_a_stream_that_fails_is_told_as_a_fault(
    observer: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    service = Service([_Failing()], Terms(observer=observer))

    with pytest.raises(ZeroDivisionError):
        list(ask(service, "post_batch", api.NDJSON).body)

    assert [told.status for told in observer.told] == [500]
    assert "a request failed" in caplog.text


# --------------------------------------------------------------------- our worker


async def over_asgi(app: AsgiApp, body: bytes, path: str = "/v1/tag") -> int:
    """Ask the ASGI application; give the status."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
        "query_string": b"", "http_version": "1.1", "scheme": "http", "server": ("", 1),
        "client": ("", 2), "headers": [(b"host", b"x"), (b"content-type", b"text/plain")],
    }  # fmt: skip
    messages = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop()
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return int(sent[0]["status"])


def test_requests_that_wait_for_a_thread_are_counted(slow: Slow) -> None:
    service = Service([slow], Terms(at_work=3))
    app = AsgiApp(service, flask_app(service).wsgi_app, Sizes(threads=1))

    async def run() -> list[int]:
        asking = [asyncio.create_task(over_asgi(app, LARGE)) for _ in range(5)]
        elsewhere = asyncio.create_task(over_asgi(app, b"", "/nowhere"))
        await asyncio.sleep(0.2)
        slow.may_go_on.set()
        return [await task for task in (*asking, elsewhere)]

    assert asyncio.run(run()) == [200, 200, 200, 503, 503, 503]


def test_places_are_given_back(slow: Slow) -> None:
    slow.may_go_on.set()
    service = Service([slow], Terms(at_work=1))
    app = AsgiApp(service, flask_app(service).wsgi_app, Sizes(threads=1))

    async def run() -> set[int]:
        return {
            await over_asgi(app, body, path)
            for body in (b"", LARGE)
            for path in ("/v1/tag", "/nowhere", "/v1/tag/batch")
        }

    assert asyncio.run(run()) == {200, 404}


QUICK = [
    ("a text", b'{"text": "copper"}', {}, True),
    ("signs of other scripts, as escapes", b'{"text": "\\u00a0\\u201ccopper\\u00e9"}', {}, True),
    ("draft rules", b'{"text": "copper", "rules": "categories: {}"}', {}, False),
    ("draft rules, by an escape", b'{"text": "copper", "\\u0072ules": ""}', {}, False),
    ("the same, further on", b'{"text": "copper", "rul\\u0065s": ""}', {}, False),
    ("packed", b"\x1f\x8b", {"content-encoding": "gzip"}, False),
    ("long", b'{"text": "' + b"a" * 8_192 + b'"}', {}, False),
]


@pytest.mark.parametrize(
    ("body", "headers", "quick"), [c[1:] for c in QUICK], ids=[c[0] for c in QUICK]
)
def test_what_is_answered_in_the_loop_itself(
    body: bytes, headers: dict[str, str], *, quick: bool
) -> None:
    assert asgi.takes_little(body, headers) == quick
