"""Who may call: tokens, and what answers say to browsers.

A token comes as ``Authorization: Bearer …``, or as the password of Basic
authentication, which browsers ask for. It is never taken from a URL, which ends
up in the logs of others, and never logged or repeated. What is compared are
digests, each with all that are known: how long it takes tells nothing.
"""

import binascii
import hashlib
import hmac
import logging
import os
import re
import stat
import time
from base64 import b64decode
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Final

from ruletag.http import refusals
from ruletag.http.api import Request
from ruletag.http.openapi import Operation
from ruletag.settings import TABLE, Settings, SettingsError

_LOG: Final = logging.getLogger("ruletag.auth")
_READ: Final = next(setting for setting in TABLE if setting.name == "tokens")
_FORM: Final = "of 16 or more ASCII characters"
_LOOK: Final = 1.0  # seconds for which a file of tokens is not looked at again
_LARGEST_FILE: Final = 1024 * 1024
_SHOWN: Final = 8  # hexadecimal digits of a token's digest: enough to tell callers apart
_IN_URL: Final = ("token", "access_token")
_CHALLENGE: Final = 'Bearer realm="ruletag"{}, Basic realm="ruletag", charset="UTF-8"'
_ORIGIN: Final = re.compile(r"https?://[^\s/?#@*]+")

_SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Encoding, Content-Type, "
    "If-Match, If-None-Match, Traceparent, X-Request-ID",
    "Access-Control-Max-Age": "600",
}
_EXPOSED: Final = (
    "ETag, Retry-After, Ruleset, Ruleset-Generation, Ruleset-Next, Server-Timing, X-Request-ID"
)


class _FileError(Exception):
    """The file cannot be used; the message says why, and shows nothing of what is in it."""


class Tokens:
    """The tokens of one kind of caller: those given, and those of a file.

    The file is read again when it changes, so that tokens can be exchanged while
    the service runs. One that becomes unreadable, empty or malformed changes
    nothing; where it is so from the start nobody is let in by it. A process that
    starts anew must not end the service: whether the file is good when that is
    started, `check` says.
    """

    def __init__(self, given: Iterable[str] = (), file: Path | None = None) -> None:
        self._given = tuple(map(_digest, given))
        self._file = file
        self._lock = Lock()
        self._content: bytes | None = None
        self._complaint = ""
        self._of_file: tuple[bytes, ...] = ()
        self._look_at = 0.0
        self._look()

    def __bool__(self) -> bool:
        return bool(self._given) or self._file is not None

    def __len__(self) -> int:
        return len(self._given) + len(self._of_file)

    def has(self, token: str) -> bool:
        """Say whether this is one of the tokens."""
        self._look()
        asked = _digest(token)
        found = False
        for known in (*self._given, *self._of_file):
            found |= hmac.compare_digest(known, asked)
        return found

    def _look(self) -> None:
        """Read the file again, unless that was done just now."""
        if self._file is None or time.monotonic() < self._look_at:
            return
        if not self._lock.acquire(blocking=False):
            return  # another thread is at it
        try:
            self._look_at = time.monotonic() + _LOOK
            self._read_again(self._file)
        finally:
            self._lock.release()

    def _read_again(self, file: Path) -> None:
        try:
            content = _content(file)
            if content != self._content:
                self._of_file = tuple(map(_digest, _tokens(content)))
                self._content = content
                _LOG.info("tokens read", extra={"file": str(file), "tokens": len(self._of_file)})
            self._complaint = ""
        except _FileError as error:
            if str(error) != self._complaint:  # said once
                so = "the tokens before stay" if self._of_file else "it lets nobody in"
                _LOG.error("the token file %s %s; %s", file, error, so)
            self._complaint = str(error)


def _content(file: Path) -> bytes:
    # Without waiting: a pipe would hold an ordinary open for ever.
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _FileError(f"cannot be read: {reason.lower()}") from None
    try:
        with os.fdopen(handle, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise _FileError("is no file")
            content = opened.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise _FileError(f"cannot be read: {str(error.strerror).lower()}") from None
    if len(content) > _LARGEST_FILE:
        raise _FileError("is too large")
    return content


def _tokens(content: bytes) -> tuple[str, ...]:
    """Give the tokens of a file. Raises `_FileError`, with the line and not what is in it."""
    found: list[str] = []
    for number, line in enumerate(content.split(b"\n"), 1):
        text = line.decode("latin-1").removeprefix("ï»¿" if number == 1 else "").strip()
        if text and not text.startswith("#"):
            try:
                (token,) = _READ.read(text)
            except ValueError:
                detail = f"is malformed in line {number}: each holds one token, {_FORM}"
                raise _FileError(detail) from None
            found.append(token)
    if not found:
        raise _FileError("holds no tokens")
    return tuple(found)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


class Guard:
    """Lets callers in by their tokens, and tells browsers what they may do.

    Without ``callers`` everybody may call, without ``admins`` nobody may edit.
    ``origins`` are those whose pages may call.
    """

    def __init__(
        self,
        callers: Tokens,
        admins: Tokens,
        origins: Collection[str] = (),
        *,
        open_metrics: bool = False,
    ) -> None:
        self._callers = callers
        self._admins = admins
        self._origins = frozenset(origins)
        self._open_metrics = open_metrics

    def check(self, operation: Operation | None, request: Request) -> None:
        """Raise `RequestError` if the caller may not do this; no operation: no such path."""
        access = operation.access if operation is not None else "caller"
        if access == "open" or (access == "metrics" and self._open_metrics):
            return
        _check_url(request)
        is_admin_work = access == "admin"
        if not self._callers and not (is_admin_work and self._admins):
            if is_admin_work:
                raise _no_editing()
            return
        token = credential(request)
        is_admin = token is not None and self._admins.has(token)
        is_caller = token is not None and self._callers.has(token)
        if not (is_admin or is_caller):
            raise _unknown(token)
        if is_admin_work and not self._admins:
            raise _no_editing()
        if is_admin_work and not is_admin:
            raise refusals.RequestError(403, "forbidden", "this token may not edit rules")

    def is_stranger(self, request: Request) -> bool:
        """Whether tokens are asked for, and the caller has sent none that is known."""
        if not self._callers:
            return False
        token = credential(request)
        return token is None or not (self._callers.has(token) or self._admins.has(token))

    def is_preflight(self, request: Request) -> bool:
        """Whether a browser asks if a page of one of the origins may call."""
        is_asking = "access-control-request-method" in request.headers
        is_ours = request.headers.get("origin", "") in self._origins
        return request.method == "OPTIONS" and is_asking and is_ours

    def headers(self, request: Request) -> Mapping[str, str]:
        """Give the headers of every answer, those of a preflight too."""
        if not self._origins:
            return _SECURITY
        headers = _SECURITY | {"Vary": "Origin"}
        origin = request.headers.get("origin", "")
        if origin in self._origins:
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = _EXPOSED
            if self.is_preflight(request):
                headers |= _PREFLIGHT
        return headers


def check(settings: Settings) -> None:
    """Raise `SettingsError` for an origin that is none, and a token file that cannot be used."""
    for origin in settings.cors:
        if not _ORIGIN.fullmatch(origin):
            allowed = "https://news.example, without a path and without *"
            raise SettingsError(f"RULETAG_CORS={origin!r} is not allowed; an origin is {allowed}")
    for file in (settings.tokens_file, settings.admin_tokens_file):
        try:
            if file is not None:
                _tokens(_content(file))
        except _FileError as error:
            raise SettingsError(f"the token file {file} {error}") from None


def guard(settings: Settings) -> Guard:
    """Make the guard that the settings ask for."""
    return Guard(
        Tokens(settings.tokens, settings.tokens_file),
        Tokens(settings.admin_tokens, settings.admin_tokens_file),
        settings.cors,
        open_metrics=settings.metrics == "open",
    )


def caller(request: Request) -> str:
    """Name who calls in the log: the beginning of the digest of the token."""
    token = credential(request)
    return _digest(token).hex()[:_SHOWN] if token is not None else ""


def credential(request: Request) -> str | None:
    """Give the token that came with the request, if it came as it should."""
    scheme, _, sent = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() == "bearer":
        return sent.strip() or None
    if scheme.lower() == "basic":
        return _password(sent.strip())
    return None


def _password(sent: str) -> str | None:
    try:
        _, colon, password = b64decode(sent, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return None
    return password if colon and password else None


def _check_url(request: Request) -> None:
    if any(name.lower() in _IN_URL for name in request.query):
        detail = "a token must not stand in a URL: send it as `Authorization: Bearer …`"
        raise refusals.RequestError(400, "token_in_url", detail)


def _unknown(token: str | None) -> refusals.RequestError:
    detail = "a token is needed: send it as `Authorization: Bearer …`"
    error = ""
    if token is not None:
        detail, error = "the token is not known here", ', error="invalid_token"'
    challenge = {"WWW-Authenticate": _CHALLENGE.format(error)}
    return refusals.RequestError(401, "unauthorized", detail, headers=challenge)


def _no_editing() -> refusals.RequestError:
    detail = "rules cannot be edited here (RULETAG_ADMIN_TOKENS names nobody)"
    return refusals.RequestError(404, "not_found", detail)
