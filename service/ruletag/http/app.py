"""The Flask application: a thin adapter between WSGI and `ruletag.http.api`."""

from collections.abc import Callable
from typing import Final

import flask
from werkzeug.exceptions import HTTPException

from ruletag.http import api, wire
from ruletag.http.openapi import OPERATIONS, openapi_document
from ruletag.serving.store import Store

_ALWAYS: Final = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}
_CODES: Final = {404: "not_found", 405: "method_not_allowed"}


def create_app(store: Store) -> flask.Flask:
    """Build the application around the rules in force."""
    app = flask.Flask("ruletag", static_folder=None)
    app.url_map.merge_slashes = False  # `//v1/tag` is another path, not a redirect
    handlers = api.Api(store)
    for operation in OPERATIONS:
        handler = getattr(handlers, operation.handler) if operation.handler else _get_openapi
        app.add_url_rule(
            operation.path,
            operation.handler or "get_openapi",
            _view(handler),
            methods=[operation.method],
        )
    app.register_error_handler(HTTPException, _http_refusal)
    return app


def _get_openapi(request: api.Request) -> api.Response:
    del request
    return api.Response(200, openapi_document())


def _view(handler: Callable[[api.Request], api.Response]) -> Callable[[], flask.Response]:
    def view() -> flask.Response:
        request = _request()
        try:
            return _response(handler(request), request.headers)
        except wire.RequestError as error:
            return _response(api.refusal(error, request.path), request.headers)
        except HTTPException:
            raise  # the client went away, or its body broke off
        except Exception:  # noqa: BLE001 - whatever it is, the caller gets an answer
            return _response(api.fault(request.path), request.headers)

    return view


def _request() -> api.Request:
    request = flask.request
    return api.Request(
        request.method,
        request.path,
        {name: values for name, values in request.args.lists()},  # noqa: C416 - for its type
        {name.lower(): value for name, value in request.headers.items()},
        # Flask's own limit cuts a chunked body short and says nothing; the
        # handlers read one byte more than they allow, and check.
        request.stream,
    )


def _response(response: api.Response, asked: dict[str, str] | object) -> flask.Response:
    answer = flask.Response(
        response.body, status=response.status, content_type=response.content_type
    )
    answer.headers.update(_ALWAYS)
    answer.headers.update(response.headers)
    headers = asked if isinstance(asked, dict) else {}
    answer.headers["X-Request-ID"] = api.request_id(headers)
    return answer


def _http_refusal(error: HTTPException) -> flask.Response:
    """Put what Flask itself refuses (404, 405, a broken body) in the shape of all refusals."""
    status = error.code or 500
    details = {
        404: "there is nothing at this path; /openapi.json lists what there is",
        405: "this path does not take this method",
    }
    code = _CODES.get(status, "bad_request")
    refusal = wire.RequestError(status, code, details.get(status, "the request is malformed"))
    answer = _response(api.refusal(refusal, flask.request.path), _request().headers)
    allowed = getattr(error, "valid_methods", None)
    if allowed:
        answer.headers["Allow"] = ", ".join(sorted(allowed))
    return answer
