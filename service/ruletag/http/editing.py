"""The routes that read, check and edit rule files.

An edit is made in the folder of this instance alone, and only if the rules can be
used afterwards; the rules in force follow it as they follow every other edit.
"""

import hashlib
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from ruletag.deadline import Deadline, DeadlineError
from ruletag.http import catalogue, folder, refusals, wire
from ruletag.http.api import (
    TEXT,
    Deadlines,
    Request,
    Response,
    check_accept,
    content_type,
    draft_too_slow,
    read_body,
)
from ruletag.http.auth import caller
from ruletag.http.openapi import CSV, YAML
from ruletag.http.trial import Edit, tried
from ruletag.limits import LIMITS
from ruletag.linting.runner import lint
from ruletag.matching.compiler import compile_rules
from ruletag.problems import Problem, RuleSetError
from ruletag.rules.loader import fingerprint, parse_rules
from ruletag.rules.model import Reference, RuleSet, lines_of
from ruletag.serving.drafts import NAME
from ruletag.serving.store import Store

_AUDIT: Final = logging.getLogger("ruletag.audit")
_JSON: Final = "application/json"
_PREFIX: Final = "/v1/rules/"
_MEDIA: Final = {".txt": TEXT, ".csv": CSV}
_TAG: Final = re.compile(r'(W/)?"([^"]*)"')
_RETRY_AFTER: Final = {"Retry-After": "1"}
_CHECKED: Final = 3  # times what tagging a text may take: each keyword is looked at from all sides


class Editing:
    """The handlers, around a rule folder and the rules in force."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        *,
        takes_drafts: bool,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self._seconds = _CHECKED * deadlines.text
        self._folder = folder
        self._store = store
        self._takes_drafts = takes_drafts

    def get_rule_file(self, request: Request) -> Response:
        """Give one file of the rule folder."""
        name = _name(request)
        if not folder.is_name(name):
            raise _no_such_file("")
        try:
            with folder.opened(self._folder) as opened:
                content = opened.read(name)
        except folder.UnusableError as error:
            raise _no_such_file(f": {error}") from None
        if content is None:
            raise _no_such_file("")
        headers = {"ETag": _tag(content), "Cache-Control": "no-cache"}
        known = request.headers.get("if-none-match", "")
        # Compared weakly (RFC 9110, 13.1.2).
        if known.strip() == "*" or _digest(content) in {tag for _, tag in _TAG.findall(known)}:
            return Response(304, b"", "", headers, compressible=False)
        return Response(200, content, f"{_media(name)}; charset=utf-8", headers, compressible=False)

    def put_rule_file(self, request: Request) -> Response:
        """Write one file of the rule folder."""
        name = _name(request)
        if not folder.is_name(name):
            detail = f"no rule file can have this name; it ends in {', '.join(folder.ENDINGS)}"
            raise refusals.RequestError(422, "invalid_name", detail)
        condition = _Condition.of(request)
        content_type(request, (_media(name), TEXT))
        content = read_body(request, LIMITS.rule_file)
        return self._edited(request, condition, Edit(self._folder, name, content))

    def delete_rule_file(self, request: Request) -> Response:
        """Remove one file of the rule folder."""
        name = _name(request)
        if not folder.is_name(name):
            raise _no_such_file("")
        condition = _Condition.of(request)
        return self._edited(request, condition, Edit(self._folder, name, None))

    def post_check(self, request: Request) -> Response:
        """Say what is wrong with a rule file, and what is doubtful."""
        if not self._takes_drafts:
            detail = "this service checks no rule files (RULETAG_DRAFTS is off)"
            raise refusals.RequestError(404, "not_found", detail)
        content_type(request, (YAML,))
        check_accept(request, _JSON)
        content = read_body(request, LIMITS.draft)
        try:
            problems = self._problems(content, Deadline(self._seconds, request.is_gone))
        except DeadlineError:
            raise draft_too_slow() from None
        return Response(200, wire.encode(catalogue.CheckAnswer(catalogue.diagnostics(problems))))

    def _problems(self, content: bytes, deadline: Deadline) -> tuple[Problem, ...]:
        active = self._store.current
        beside = active.rules.rule_set if active is not None else None
        try:
            rule_set = _concerned(parse_rules({NAME: content}, _no_files, beside))
            rules = compile_rules(rule_set, LIMITS.draft_forms, deadline)
        except RuleSetError as error:
            return tuple(error.problems)
        doubtful = lint(rules, {NAME: content}, datetime.now(UTC).date(), deadline)
        found = {*rule_set.warnings, *doubtful}
        return tuple(sorted(problem for problem in found if problem.location.file == NAME))

    # --------------------------------------------------------------------- edits

    def _edited(self, request: Request, condition: "_Condition", edit: Edit) -> Response:
        audit = {
            "request_id": request.id,
            "method": request.method,
            "file": edit.name,
            "token": caller(request),
            "before": "",
            "after": "",
        }
        try:
            response = self._edit(condition, edit, audit)
        except refusals.RequestError as error:
            _AUDIT.warning("edit refused", extra=audit | {"status": error.status})
            raise
        # A warning, so that the line comes before those of requests where there is no room.
        _AUDIT.warning("rules edited", extra=audit | {"status": response.status})
        return response

    def _edit(self, condition: "_Condition", edit: Edit, audit: dict[str, str]) -> Response:
        with _refusals(), folder.locked(self._folder) as opened:
            before = opened.read(edit.name)
            audit["before"] = _digest(before) if before is not None else ""
            if edit.content is None and before is None:
                raise _no_such_file("")
            condition.check(before)
            digest = self._tried(edit)
            if edit.content is None:
                opened.remove(edit.name)
            else:
                opened.write(edit.name, edit.content)
        following = {"Ruleset-Next": digest}
        if edit.content is None:
            return Response(204, b"", "", following)
        audit["after"] = _digest(edit.content)
        answer = catalogue.EditAnswer(edit.name, _digest(edit.content), digest)
        status = 201 if before is None else 200
        headers = following | {"ETag": _tag(edit.content)}
        return Response(status, wire.encode(answer), headers=headers, compressible=False)

    def _tried(self, edit: Edit) -> str:
        """Give the digest of the rules after the edit, if they can be used then."""
        seen = fingerprint(self._folder)
        outcome = tried(edit)
        if fingerprint(self._folder) != seen:
            raise _changed()
        if outcome.problems:
            raise catalogue.EditError(outcome.problems)
        return outcome.digest


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what the folder cannot do into refusals of the request."""
    try:
        yield
    except folder.UnusableError as error:
        raise refusals.RequestError(409, "not_editable", f"it cannot be edited: {error}") from None
    except folder.FullError as error:
        raise refusals.RequestError(507, "disk_full", f"nothing was changed: {error}") from None
    except folder.BusyError:
        detail = "another edit is at work; try again"
        raise refusals.RequestError(503, "overloaded", detail, headers=_RETRY_AFTER) from None


@dataclass(frozen=True, slots=True)
class _Condition:
    """Which version of a file an edit is meant for: one of these, any, or none at all."""

    tags: frozenset[str] = frozenset()
    is_any: bool = False
    is_new: bool = False

    @classmethod
    def of(cls, request: Request) -> "_Condition":
        """Read it from the headers; a request without one is refused."""
        match = request.headers.get("if-match", "").strip()
        is_new = request.headers.get("if-none-match", "").strip() == "*"
        if not match and not is_new:
            detail = "say which version is meant: If-Match with its ETag, or If-None-Match: *"
            raise refusals.RequestError(428, "condition_needed", detail)
        # Compared strongly: what a proxy has weakened is no longer the same bytes.
        tags = frozenset(tag for weak, tag in _TAG.findall(match) if not weak)
        return cls(tags, match == "*", is_new)

    def check(self, content: bytes | None) -> None:
        """Refuse where the file is another."""
        if content is None:
            holds = self.is_new and not self.is_any and not self.tags
        else:
            holds = not self.is_new and (self.is_any or _digest(content) in self.tags)
        if not holds:
            raise _changed()


def _concerned(rule_set: RuleSet) -> RuleSet:
    """Leave out the lists beside the file that it does not use: they may be very long."""
    by_name = {word_list.name: word_list for word_list in rule_set.lists}
    kept = {name for name, found in by_name.items() if found.location.file == NAME}
    waiting = [line for category in rule_set.categories for line in lines_of(category)]
    waiting += (line for name in kept for line in by_name[name].marked)
    while waiting:
        line = waiting.pop()
        waiting += line.excepts
        names = {part.name for part in line.keyword.parts if isinstance(part, Reference)}
        for name in names & by_name.keys() - kept:
            kept.add(name)
            waiting += by_name[name].marked
    return replace(rule_set, lists=tuple(by_name[name] for name in by_name if name in kept))


def _changed() -> refusals.RequestError:
    return refusals.RequestError(412, "changed", "the file is another by now: read it again")


def _no_such_file(reason: str) -> refusals.RequestError:
    return refusals.RequestError(404, "not_found", f"there is no such file here{reason}")


def _name(request: Request) -> str:
    return request.path.removeprefix(_PREFIX)


def _media(name: str) -> str:
    return _MEDIA.get(name[-4:].lower(), YAML)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _tag(content: bytes) -> str:
    return f'"{_digest(content)}"'


def _no_files(name: str) -> bytes:
    raise OSError(None, "one file is checked by itself", name)
