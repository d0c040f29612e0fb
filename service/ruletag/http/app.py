"""The Flask application: a thin adapter between WSGI and `ruletag.http.handling`.

A plain application that any WSGI server can run.
"""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

import flask
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from ruletag.http import api, handling, refusals
from ruletag.http.handling import Service
from ruletag.http.openapi import Operation
from ruletag.serving.drafts import Drafts
from ruletag.serving.store import Store

IS_GONE: Final = "ruletag.is_gone"  # in the environ: tells whether the caller has left
COUNTED: Final = "ruletag.counted"  # in the environ: the server has counted the request


def create_app(store: Store, *, takes_drafts: bool = True) -> flask.Flask:
    """Build an application around the rules in force, open to everybody and silent."""
    return flask_app(Service([api.Api(store, Drafts() if takes_drafts else None)]))


def flask_app(service: Service) -> flask.Flask:
    """Build the application around a service."""
    app = flask.Flask("ruletag", static_folder=None)
    app.url_map.merge_slashes = False  # `//v1/tag` is another path, not a redirect
    taken = _methods(service.operations)
    for operation in service.operations:
        app.add_url_rule(
            operation.path.replace("{id}", "<id_>").replace("{file}", "<path:file_>"),
            operation.handler or "get_openapi",
            _view(service, operation),
            methods=[operation.method],
            provide_automatic_options=False,
        )

    def before() -> flask.Response | None:
        # Flask drops what slashes there are before the first; a proxy's rules do not.
        if flask.request.environ.get("PATH_INFO", "").startswith("//"):
            raise NotFound
        methods = taken.get(flask.request.path)
        if methods is not None and flask.request.method not in methods:
            raise MethodNotAllowed(methods)
        return None

    def http_refusal(error: HTTPException) -> flask.Response:
        return _response(_refusal(service, error))

    app.before_request(before)
    app.register_error_handler(HTTPException, http_refusal)
    return app


def _methods(operations: Iterable[Operation]) -> dict[str, set[str]]:
    """Give the methods of each path; Flask would add those of a template that fits it too."""
    methods: dict[str, set[str]] = {}
    for operation in operations:
        also = {"HEAD"} if operation.method == "GET" else set()
        methods.setdefault(operation.path, set()).update({operation.method}, also)
    return methods


def _view(service: Service, operation: Operation) -> Callable[..., flask.Response]:
    strict = operation.method == "POST"

    def view(**_: str) -> flask.Response:  # what stands in the path, the handler reads itself
        try:
            query = handling.read_query(flask.request.query_string, strict=strict)
        except refusals.RequestError as error:
            return _response(service.refused(error, _request({}), operation))
        return _response(service.handle(operation, _request(query)))

    return view


def _request(query: dict[str, list[str]]) -> api.Request:
    request = flask.request
    headers = {name.lower(): value for name, value in request.headers.items()}
    protocol = request.environ.get("SERVER_PROTOCOL", "")
    return api.Request(
        api.request_id(headers),
        request.method,
        request.path,
        query,
        headers,
        # Flask's own limit cuts a chunked body short and says nothing; the
        # handlers read one byte more than they allow, and check.
        request.stream,
        version=protocol.removeprefix("HTTP/"),
        is_counted=COUNTED in request.environ,
        is_gone=request.environ.get(IS_GONE, api.stays),
    )


def _refusal(service: Service, refused: HTTPException) -> api.Response:
    """Put what Flask itself refuses (404, 405, a broken body) in the shape of all refusals."""
    request = _request({})
    status = refused.code or HTTPStatus.INTERNAL_SERVER_ERROR
    methods = getattr(refused, "valid_methods", None) or ()
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return service.failed(request)
    if request.method == "OPTIONS" and status in {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }:
        return service.options(methods, request)
    if status == HTTPStatus.NOT_FOUND:
        return service.refused(handling.not_found(), request)
    if status != HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "the request is malformed"
        return service.refused(refusals.RequestError(400, "bad_request", detail), request)
    headers = {"Allow": handling.allow(methods)}
    detail = "this path does not take this method"
    error = refusals.RequestError(405, "method_not_allowed", detail, headers=headers)
    return service.refused(error, request)


def _response(response: api.Response) -> flask.Response:
    answer = flask.Response(
        response.body, status=response.status, content_type=response.content_type or None
    )
    answer.headers.update(response.headers)
    if not response.content_type:
        answer.headers.pop("Content-Type", None)  # there is no body for it to describe
    return answer
