"""Ask a running service which rules it answers by.

The one module of the command line that uses the network. It goes where it was
told and nowhere else: a redirect to another host is not followed, so that the
token reaches nobody who was not named.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, HTTPResponse, LineTooLong
from ssl import SSLError
from typing import Final, NamedTuple, TypeVar
from urllib.error import URLError
from urllib.parse import SplitResult, quote, urljoin, urlsplit
from urllib.request import HTTPErrorProcessor, Request, build_opener

import msgspec

from ruletag.cli.terminal import one_line, shortened
from ruletag.http.catalogue import Check, Diagnostic, HealthAnswer, RefusalAnswer, RulesAnswer
from ruletag.problems import Location, Problem
from ruletag.version import VERSION

SECONDS: Final = 5.0  # that an answer may take
_MOST_READ: Final = 64 * 1024 * 1024  # bytes of an answer; a thousand rule files need far less
_MOST_REDIRECTS: Final = 5
_PIECE: Final = 64 * 1024
_MOST_QUOTED: Final = 60  # columns of an answer that nobody expected
_IN_PATHS: Final = "/%:@!$&'()*+,;=~"  # what a path may hold as it is
_REFUSED_AT: Final = "refused at "
_TOKEN_NEEDED: Final = "RULETAG_TOKEN must hold a token that it knows"  # noqa: S105 - no token
_PORTS: Final = {"http": 80, "https": 443}

_Answer = TypeVar("_Answer", bound=msgspec.Struct)


class AddressError(ValueError):
    """The address cannot be that of a service; the message says why."""


class NoAnswerError(Exception):
    """Nobody answered as a service does; the message says what was asked and what came.

    ``is_final`` where asking again cannot help.
    """

    def __init__(self, message: str, *, is_final: bool = False) -> None:
        super().__init__(message)
        self.is_final = is_final


@dataclass(frozen=True, slots=True)
class State:
    """What a service says of itself. ``rules`` is None while none are in force."""

    rules: RulesAnswer | None
    refused: RefusalAnswer | None

    @property
    def digest(self) -> str:
        """The digest in force, or nothing."""
        return self.rules.digest if self.rules else ""


class _Reply(NamedTuple):
    status: int
    reason: str
    media_type: str
    location: str
    body: bytes

    def __str__(self) -> str:
        began = shortened(one_line(self.body[:1000].decode("utf-8", "replace")), _MOST_QUOTED)
        said = f", {began!r}" if began else ""
        head = f"{self.status} {one_line(self.reason)}".strip()
        return f"{head}, {one_line(self.media_type) or 'no content type'}{said}"


class _EveryStatus(HTTPErrorProcessor):
    """Gives every answer as it came: the library would follow redirects, and raise for others."""

    def http_response(self, request: Request, response: HTTPResponse) -> HTTPResponse:
        del request
        return response

    https_response = http_response


def _is_same_host(old: SplitResult, new: SplitResult) -> bool:
    """Allow the same host and port, and from http to https there."""
    if old.hostname != new.hostname or new.scheme not in _PORTS:
        return False
    ports = tuple(parts.port or _PORTS[parts.scheme] for parts in (old, new))
    return ports[0] == ports[1] if old.scheme == new.scheme else ports == (80, 443)


class Service:
    """A service at an address. Raises `AddressError` where that cannot be one."""

    def __init__(self, address: str, token: str = "") -> None:
        self.url = _base(address)
        self._headers = {"Accept": "application/json", "User-Agent": f"ruletag/{VERSION}"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._opener = build_opener(_EveryStatus)

    def state(self, seconds: float = SECONDS) -> State:
        """Ask for the state; an answer may take so many seconds. Raises `NoAnswerError`."""
        health = self._ask("/readyz?verbose", HealthAnswer, seconds)
        if health is None or health.status == "alive":
            raise NoAnswerError(f"GET {self.url}/readyz?verbose: it says nothing of its rules")
        if health.checks and not any(check.detail for check in health.checks):
            detail = f"it tells strangers nothing of its rules; {_TOKEN_NEEDED}"
            raise NoAnswerError(f"GET {self.url}/readyz?verbose: {detail}", is_final=True)
        rules = self._ask("/v1/rules", RulesAnswer, seconds) if health.status == "ready" else None
        return State(rules, rules.refused if rules else _refusal(health.checks or ()))

    def _ask(self, path: str, kind: type[_Answer], seconds: float) -> _Answer | None:
        """Give the answer to a path; None where the service is not ready for it."""
        url = self.url + path
        try:
            reply = self._get(url, seconds)
        except (OSError, HTTPException, ValueError) as error:
            raise NoAnswerError(f"GET {url}: {_reason(error, seconds)}") from None
        if reply.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
            raise NoAnswerError(
                f"GET {url}: {reply.status} {reply.reason}; {_TOKEN_NEEDED}", is_final=True
            )
        try:
            return msgspec.json.decode(reply.body, type=kind)
        except msgspec.DecodeError:
            if _is_not_ready(reply):
                return None
            raise NoAnswerError(
                f"GET {url}: that is not a ruletag service, or one of another version; "
                f"it answered {reply}"
            ) from None

    def _get(self, url: str, seconds: float) -> _Reply:
        """Ask, and follow where that is safe."""
        end = time.monotonic() + seconds
        for _ in range(_MOST_REDIRECTS + 1):
            reply = self._get_once(url, end)
            if not reply.location:
                return reply
            there = urljoin(url, reply.location)
            if not _is_same_host(urlsplit(url), urlsplit(there)):
                raise ValueError(f"it leads to {there}, which is not followed")
            url = there
        raise ValueError("it leads on and on")

    def _get_once(self, url: str, end: float) -> _Reply:
        request = Request(url, headers=self._headers)  # noqa: S310 - `_base` has seen the scheme
        with self._opener.open(request, timeout=max(0.01, end - time.monotonic())) as response:
            headers = response.headers
            is_redirect = HTTPStatus.MULTIPLE_CHOICES <= response.status < HTTPStatus.BAD_REQUEST
            return _Reply(
                response.status,
                response.reason,
                headers.get("content-type", ""),
                headers.get("location", "") if is_redirect else "",
                _read(response, end),
            )


def _read(response: HTTPResponse, end: float) -> bytes:
    """Read a body, in time: one that trickles in would never run into a timeout of its own."""
    pieces: list[bytes] = []
    size = 0
    while piece := response.read1(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if time.monotonic() > end:
            raise TimeoutError
        if size > _MOST_READ:
            raise ValueError(f"an answer of more than {_MOST_READ:,} bytes")
    return b"".join(pieces)


def _base(address: str) -> str:
    """Give the address as a URL without a slash at its end."""
    if not address.isprintable() or " " in address:
        raise AddressError("the URL holds a space or a control character")
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError as error:
        raise AddressError(f"{address} is no URL: {error}") from None
    if parts.scheme not in _PORTS or not host:
        shown = address if address and "://" not in address else "localhost:8080"
        raise AddressError(f"a URL begins with http:// or https://, such as http://{shown}")
    if parts.username is not None or parts.password is not None:
        raise AddressError("others can see a URL: put the token into RULETAG_TOKEN, not there")
    if parts.query or parts.fragment or port == 0:
        raise AddressError("give the URL of the service, without anything behind `?` or `#`")
    return f"{parts.scheme}://{parts.netloc}{quote(parts.path.rstrip('/'), safe=_IN_PATHS)}"


def _reason(error: Exception, seconds: float) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no answer within {seconds:.3g} seconds"
    if isinstance(cause, BadStatusLine | LineTooLong):
        return "what answered does not speak HTTP"
    if isinstance(cause, SSLError):
        return f"no trusted TLS: {one_line(getattr(cause, 'verify_message', '') or cause.reason)}"
    if isinstance(cause, OSError) and cause.strerror:
        return one_line(cause.strerror.lower())
    return one_line(str(cause)) or type(cause).__name__


def _is_not_ready(reply: _Reply) -> bool:
    """Tell a service that has no rules in force from whatever else may answer 503."""
    is_problem = reply.media_type.startswith("application/problem+json")
    return reply.status == HTTPStatus.SERVICE_UNAVAILABLE and is_problem


# -------------------------------------------------------------------- refusals


def _refusal(checks: Iterable[Check]) -> RefusalAnswer | None:
    """Give the refused edit that the checks of readiness report."""
    for check in checks:
        if check.detail.startswith(_REFUSED_AT):
            return RefusalAnswer(check.detail.removeprefix(_REFUSED_AT), check.problems)
    return None


def problem_of(diagnostic: Diagnostic) -> Problem:
    """Give a problem as the service reported it, without its source line."""
    where = Location(diagnostic.file, diagnostic.line, diagnostic.column)
    return Problem(where, one_line(diagnostic.code), diagnostic.detail, diagnostic.hint)
