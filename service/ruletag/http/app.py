"""The Flask application: a thin adapter between WSGI and `ruletag.http.api`."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

import flask
from werkzeug.exceptions import HTTPException

from ruletag.http import api, wire
from ruletag.http.openapi import OPERATIONS, openapi_document
from ruletag.serving.drafts import Drafts
from ruletag.serving.store import Store

_ALWAYS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_CODES: Final = {404: "not_found", 405: "method_not_allowed"}
_DETAILS: Final = {
    404: "there is nothing at this path; /openapi.json lists what there is",
    405: "this path does not take this method",
}


def create_app(store: Store, *, takes_drafts: bool = True) -> flask.Flask:
    """Build the application around the rules in force."""
    app = flask.Flask("ruletag", static_folder=None)
    app.url_map.merge_slashes = False  # `//v1/tag` is another path, not a redirect
    handlers = api.Api(store, Drafts() if takes_drafts else None)
    for operation in OPERATIONS:
        handler = getattr(handlers, operation.handler) if operation.handler else _get_openapi
        app.add_url_rule(
            operation.path.replace("{id}", "<id_>"),
            operation.handler or "get_openapi",
            _view(handler),
            methods=[operation.method],
        )
    app.before_request(_before)
    app.after_request(_after)
    app.register_error_handler(HTTPException, _http_refusal)
    return app


def _before() -> flask.Response | None:
    """Give the request its id; refuse what Flask would let pass."""
    headers = {name.lower(): value for name, value in flask.request.headers.items()}
    flask.g.request_id = api.request_id(headers)
    environ = flask.request.environ
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and not environ.get("HTTP_HOST"):
        return _refused(wire.RequestError(400, "bad_request", "the header Host is missing"))
    # Flask drops what slashes there are before the first; a proxy's rules do not.
    if environ.get("PATH_INFO", "").startswith("//"):
        return _refused(wire.RequestError(404, _CODES[404], _DETAILS[404]))
    return None


def _after(answer: flask.Response) -> flask.Response:
    """Put on every answer what every answer has."""
    for name, value in _ALWAYS.items():
        answer.headers.setdefault(name, value)
    answer.headers["X-Request-ID"] = flask.g.request_id
    if flask.request.method == "OPTIONS":
        answer.headers.pop("Content-Type", None)  # there is no body for it to describe
    return answer


def _get_openapi(request: api.Request) -> api.Response:
    del request
    return api.Response(200, openapi_document())


def _view(handler: Callable[[api.Request], api.Response]) -> Callable[..., flask.Response]:
    def view(**_: str) -> flask.Response:  # what stands in the path, the handler reads itself
        try:
            return _response(handler(_request()))
        except wire.RequestError as error:
            return _refused(error)
        except HTTPException:
            raise  # what Flask refuses
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
            return _response(api.fault(flask.request.path, flask.g.request_id))

    return view


def _request() -> api.Request:
    request = flask.request
    return api.Request(
        flask.g.request_id,
        request.method,
        request.path,
        _query(request.query_string, strict=request.method == "POST"),
        {name.lower(): value for name, value in request.headers.items()},
        # Flask's own limit cuts a chunked body short and says nothing; the
        # handlers read one byte more than they allow, and check.
        request.stream,
    )


def _query(query: bytes, *, strict: bool) -> dict[str, list[str]]:
    """Read the query; strictly where texts come in it, since Flask makes signs of bad bytes."""
    errors = "strict" if strict else "replace"
    try:
        return parse_qs(query.decode("ascii", errors), keep_blank_values=True, errors=errors)
    except UnicodeDecodeError:
        raise wire.RequestError(400, "not_utf8", "the query is not UTF-8") from None


def _response(response: api.Response) -> flask.Response:
    answer = flask.Response(
        response.body, status=response.status, content_type=response.content_type
    )
    answer.headers.update(response.headers)
    return answer


def _refused(error: wire.RequestError) -> flask.Response:
    return _response(api.refusal(error, flask.request.path))


def _http_refusal(error: HTTPException) -> flask.Response:
    """Put what Flask itself refuses (404, 405, a broken body) in the shape of all refusals."""
    status = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _response(api.fault(flask.request.path, flask.g.request_id))
    code = _CODES.get(status, "bad_request")
    detail = _DETAILS.get(status, "the request is malformed")
    answer = _refused(wire.RequestError(status, code, detail))
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer
