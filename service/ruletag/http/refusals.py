"""Why a request is refused, as it goes over the wire: problem details (RFC 9457)."""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from ruletag.problems import Problem

_MOST_FAULTS: Final = 100  # listed; a draft can hold more

_TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Content",
    428: "Precondition Required",
    500: "Internal Server Error",
    501: "Not Implemented",
    503: "Service Unavailable",
    507: "Insufficient Storage",
}


class Fault(msgspec.Struct, frozen=True):
    """One fault of a request: what is wrong, and where (a JSON pointer, or a query parameter)."""

    detail: str
    pointer: str


class ProblemDetails(msgspec.Struct, frozen=True):
    """A refusal, as ``application/problem+json`` (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    errors: tuple[Fault, ...] = ()


class RequestError(Exception):
    """The request is refused; ``headers`` go with the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def details(self, instance: str) -> ProblemDetails:
        """Give the refusal as it goes over the wire; ``instance`` is the path asked for."""
        title = _TITLES.get(self.status, "Error")
        kind = f"urn:ruletag:problem:{self.code}"
        return ProblemDetails(
            kind, title, self.status, self.detail, instance, self.code, self.errors
        )


def of_draft(problems: Iterable[Problem]) -> RequestError:
    """Refuse a request for what is wrong with the rules that it brings along."""
    faults = tuple(Fault(printable(str(problem)), "/rules") for problem in problems)
    detail = "the draft rules cannot be used"
    return RequestError(422, "invalid_rules", detail, faults[:_MOST_FAULTS])


def printable(name: str) -> str:
    """Replace half surrogate pairs, which UTF-8 cannot write."""
    return name.encode("utf-8", "replace").decode()
