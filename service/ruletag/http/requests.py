"""Read requests strictly: every fault is listed, and the submitted text is never repeated.

JSON is held to more than the standard library asks for: UTF-8, no ``NaN``, no
member twice, no depth without bound. What is then of the wrong type is named
member by member, with a JSON pointer or the query parameter.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from ruletag.http.refusals import Fault, RequestError, printable
from ruletag.http.wire import BatchRequest, Document, ExplainRequest, Id, TagOptions, TagRequest
from ruletag.limits import LIMITS
from ruletag.problems import nearest

_Type = TypeVar("_Type", bound=msgspec.Struct)

_MOST_FAULTS: Final = 100  # listed; a body can hold a million
_MOST_QUOTED: Final = 40  # characters of a member's name


def _invalid(errors: Iterable[Fault]) -> RequestError:
    faults = tuple(errors)
    detail = faults[0].detail if len(faults) == 1 else f"{len(faults)} faults"
    return RequestError(422, "invalid_request", detail, faults[:_MOST_FAULTS])


# The last quote is optional: a string that never ends is eaten once, not tried
# again from each of its characters.
_STRING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS: Final = bytes.maketrans(b"{}", b"[]")
_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]"))


def read_json(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """Read JSON, strictly: UTF-8, no NaN, no member twice, no more than 64 levels."""
    _check_depth(body)
    _check_values(body)
    try:
        return json.loads(
            body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse_constant
        )
    except UnicodeDecodeError as error:
        detail = f"the body is not UTF-8 (byte {error.start})"
        raise RequestError(400, "not_utf8", detail) from None
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        detail = f"the body is not JSON: {error.msg} ({where})"
        raise RequestError(400, "not_json", detail) from None
    except ValueError:
        # Python refuses to read integers of more than 4,300 digits.
        raise RequestError(400, "not_json", "the body holds a number out of range") from None


def _check_depth(body: bytes) -> None:
    if body.count(b"[") + body.count(b"{") <= LIMITS.json_depth:
        return
    brackets = _STRING.sub(b"", body).translate(_BRACKETS).translate(None, _NO_BRACKETS)
    for _ in range(LIMITS.json_depth):
        brackets = brackets.replace(b"[]", b"")
    # What is still nested is nested deeper than so many rounds; what is left open
    # is no JSON, but the parser must not be led into it.
    if b"[]" in brackets or brackets.count(b"[") > LIMITS.json_depth:
        detail = f"the body is nested more than {LIMITS.json_depth} levels deep"
        raise RequestError(400, "too_deep", detail)


def _check_values(body: bytes) -> None:
    """Refuse a body of very many values: each takes fifty times its bytes when it is read."""
    if body.count(b",") < LIMITS.json_values:
        return
    commas = 0
    for start, end in _outside_strings(body):
        commas += body.count(b",", start, end)
        if commas >= LIMITS.json_values:
            detail = f"the body holds more than {LIMITS.json_values:,} values"
            raise RequestError(413, "too_many_values", detail)


def _outside_strings(body: bytes) -> Iterator[tuple[int, int]]:
    end = 0
    for string in _STRING.finditer(body):
        yield end, string.start()
        end = string.end()
    yield end, len(body)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(n for n, _ in pairs if n in seen or seen.add(n))  # type: ignore[func-returns-value]
        raise RequestError(400, "duplicate_member", f"the member {_quoted(twice)} stands twice")
    return members


def _refuse_constant(name: str) -> NoReturn:
    raise RequestError(400, "not_json", f"{name} is not JSON")


def read_tag_request(body: bytes) -> TagRequest:
    """Read the body of ``POST /v1/tag``. Raises `RequestError`."""
    request = _convert(read_json(body), TagRequest)
    check_text(request.text, request.title)
    check_draft(request.rules)
    return request


def read_explain_request(body: bytes) -> ExplainRequest:
    """Read the body of ``POST /v1/explain``. Raises `RequestError`."""
    request = _convert(read_json(body), ExplainRequest)
    check_text(request.text, request.title)
    check_draft(request.rules)
    if not request.categories:
        raise _invalid([Fault("`categories` is empty: name at least one", "/categories")])
    return request


def read_batch_request(body: bytes) -> BatchRequest:
    """Read the JSON body of ``POST /v1/tag/batch``. Raises `RequestError`."""
    value = read_json(body)
    documents = value.get("documents") if isinstance(value, dict) else None
    if not isinstance(documents, list):
        return _convert(value, BatchRequest)
    if len(documents) > LIMITS.documents:
        detail = f"{len(documents):,} documents; a batch may have {LIMITS.documents:,}"
        raise RequestError(413, "too_many_documents", detail)
    request = _convert(value | {"documents": []}, BatchRequest)
    return msgspec.structs.replace(request, documents=documents)


def read_document(value: Any) -> Document:  # noqa: ANN401 - any JSON
    """Read one document of a batch. Raises `RequestError`."""
    document = _convert(value, Document)
    check_text(document.text, document.title)
    return document


def id_of(value: Any) -> Id:  # noqa: ANN401 - any JSON
    """Give the id of a document that was refused, if it has a usable one."""
    found = value.get("id") if isinstance(value, dict) else None
    if isinstance(found, str) and _half_pair(found) is not None:
        return None
    return found if _is_of_type(found, Id) else None


def read_options(query: Mapping[str, list[str]], allowed: type[msgspec.Struct]) -> dict[str, Any]:
    """Read options from query parameters: those of the type, but for ``text``.

    ``categories`` may be repeated or separated by commas. Raises `RequestError`.
    """
    names = [
        name for name in allowed.__struct_fields__ if name not in {"text", "documents", "rules"}
    ]
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, given in query.items():
        if name not in names:
            known = f"known: {', '.join(names)}" if names else "JSON has its options in the body"
            hint = nearest(name[:_MOST_QUOTED], names) or known
            faults.append(
                Fault(f"unknown query parameter {_quoted(name)}; {hint}", f"?{name[:40]}")
            )
        elif name == "categories":
            values[name] = [part for text in given for part in text.split(",")]
        elif len(given) > 1:
            faults.append(Fault(f"the query parameter `{name}` stands twice", f"?{name}"))
        else:
            values[name] = given[0]
    if faults:
        raise _invalid(faults)
    return values


def options_from(values: Mapping[str, Any]) -> TagOptions:
    """Check options that came as query parameters. Raises `RequestError`."""
    return _convert(dict(values), TagOptions, prefix="?")


def request_from_text(text: str, values: Mapping[str, Any]) -> TagRequest:
    """Make a request from a raw text and query parameters. Raises `RequestError`."""
    request = _convert({"text": text, **values}, TagRequest, prefix="?")
    check_text(request.text, request.title)
    return request


_REQUIRED: Final = {
    "text": "the text to tag",
    "documents": "the list of documents",
    "categories": "the categories to explain",
}
_EXPECTED: Final = {
    "text": "a string",
    "title": "a string",
    "id": "a string or an integer",
    "categories": "a list of strings",
    "offsets": "one of codepoint, utf16, utf8",
    "evidence": "one of all, first, none",
    "if_rules": "a string",
    "rules": "a string: a rule file",
    "documents": "a list",
}


def _convert(value: Any, kind: type[_Type], prefix: str = "/") -> _Type:  # noqa: ANN401
    """Give the value as the type; on failure list the faults of every member."""
    if not isinstance(value, dict):
        raise _invalid([Fault("a JSON object is needed", "")])
    halves = list(_half_pairs(value, prefix))
    if halves:
        raise _invalid(halves)
    try:
        return msgspec.convert(value, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        # The second for half a surrogate pair deep in a member that is refused anyway.
        raise _invalid(_faults(value, kind, prefix)) from None


def _half_pairs(value: dict[str, Any], prefix: str) -> Iterator[Fault]:
    """Find names and strings with half a surrogate pair: JSON can write them, UTF-8 cannot."""
    for name, member in value.items():
        pointer = prefix + _escaped(printable(name[:_MOST_QUOTED]))
        if _half_pair(name) is not None:
            yield Fault("the member's name holds half a surrogate pair", pointer)
        for string, place in _strings(member, pointer):
            at = _half_pair(string)
            if at is not None:
                detail = f"`{printable(name[:_MOST_QUOTED])}` holds half a surrogate pair"
                yield Fault(f"{detail} (character {at})", place)


def _strings(member: Any, pointer: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON
    """Give the strings of a member, a list's too, each with its place."""
    if isinstance(member, str):
        yield member, pointer
    elif isinstance(member, list):
        in_query = pointer.startswith("?")
        for i, item in enumerate(member):
            if isinstance(item, str):
                yield item, pointer if in_query else f"{pointer}/{i}"


def _half_pair(text: str) -> int | None:
    """Give the position of half a surrogate pair, if the text holds one."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error.start
    return None


def _faults(value: dict[str, Any], kind: type[msgspec.Struct], prefix: str) -> list[Fault]:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    faults = [
        Fault(f"`{name}` is missing: {_REQUIRED[name]}", prefix + name)
        for name, field in fields.items()
        if field.required and name not in value
    ]
    for name, member in value.items():
        pointer = prefix + _escaped(printable(name[:_MOST_QUOTED]))
        if name not in fields:
            hint = nearest(name[:_MOST_QUOTED], fields) or f"known: {', '.join(fields)}"
            faults.append(Fault(f"unknown member {_quoted(name)}; {hint}", pointer))
        elif not _is_of_type(member, fields[name].type):
            faults.append(Fault(f"`{name}` must be {_EXPECTED[name]}", pointer))
        if len(faults) >= _MOST_FAULTS:
            break
    return faults


def _is_of_type(member: Any, kind: Any) -> bool:  # noqa: ANN401 - any JSON, any type
    try:
        msgspec.convert(member, kind)
    except (msgspec.ValidationError, UnicodeEncodeError):
        return False
    return True


def check_text(text: str, title: str = "") -> None:
    """Refuse a text or title that is too long. Raises `RequestError`."""
    if len(text) > LIMITS.text or len(title) > LIMITS.text:
        detail = f"{max(len(text), len(title)):,} characters; a text may have {LIMITS.text:,}"
        raise RequestError(413, "text_too_long", detail)


def check_draft(rules: str | None) -> None:
    """Refuse draft rules that are too long. Raises `RequestError`."""
    if rules is not None and len(rules.encode()) > LIMITS.draft:
        raise RequestError(413, "draft_too_long", f"`rules` may have {LIMITS.draft:,} bytes")


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _quoted(name: str) -> str:
    """Name a member that the caller made up: short, and without control characters."""
    return json.dumps(name if len(name) <= _MOST_QUOTED else name[:_MOST_QUOTED] + "…")


def selected(
    patterns: Collection[str] | None, known: Collection[str], pointer: str = "/categories/{}"
) -> frozenset[str] | None:
    """Give the categories that the patterns name; None stands for all.

    ``economy.*`` is the category ``economy`` and everything below it. Raises
    `RequestError` for patterns that name nothing; ``pointer`` says where the
    pattern of a number stands.
    """
    if patterns is None:
        return None
    chosen: set[str] = set()
    faults: list[Fault] = []
    for pattern, i in {pattern: i for i, pattern in enumerate(patterns)}.items():
        stem = pattern.removesuffix(".*")
        below = f"{stem}." if stem != pattern else None
        named = {id_ for id_ in known if id_ == stem or (below and id_.startswith(below))}
        chosen |= named
        if not named:
            hint = nearest(pattern[: LIMITS.category_id], known)
            detail = f"there is no category {_quoted(pattern)}"
            faults.append(Fault(f"{detail}; {hint}" if hint else detail, pointer.format(i)))
        if len(faults) >= _MOST_FAULTS:
            break
    if faults:
        raise _invalid(faults)
    return frozenset(chosen)
