"""Who may call: every route asks for a token where one is configured, and lets nobody else in."""

import base64
import hashlib
import hmac
import io
import logging
import os
import re
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.documented import Service as Documented
from contract.rules import RULES, store_with
from contract.service import Headers, InProcess
from ruletag.http import auth, refusals
from ruletag.http.api import Api, Request, Response
from ruletag.http.app import flask_app
from ruletag.http.auth import Guard, Tokens, caller, check, credential, guard
from ruletag.http.editing import Editing
from ruletag.http.handling import Service, Terms
from ruletag.http.openapi import OPERATIONS, Operation
from ruletag.problems import Location, Problem
from ruletag.serving.store import Store
from ruletag.settings import Settings, SettingsError, read_settings

CALLER: Final = "caller-0123456789"
OTHER: Final = "caller-9876543210"
ADMIN: Final = "admin-0123456789ab"
PAGE: Final = "https://news.example"


class Metrics:
    """Stands in for the figures."""

    def get_metrics(self, request: Request) -> Response:
        del request
        return Response(200, b"ruletag_ready 1\n", "text/plain; charset=utf-8")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(text: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(text.encode()).decode()}"}


def request_with(headers: Headers, method: str = "POST") -> Request:
    lowered = {name.lower(): value for name, value in headers.items()}
    return Request("r1", method, "/v1/tag", {}, lowered, io.BytesIO())


def operation(access: str) -> Operation:
    return next(found for found in OPERATIONS if found.access == access)


def status_of(guard: Guard, found: Operation | None, headers: Headers) -> int:
    try:
        guard.check(found, request_with(headers))
    except refusals.RequestError as error:
        return error.status
    return 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in RULES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def service(folder: Path) -> Documented:
    """Give a service that asks for tokens, in this process."""
    return served(folder, Guard(Tokens([CALLER, OTHER]), Tokens([ADMIN]), [PAGE]))


def served(folder: Path, guard: Guard) -> Documented:
    store = store_with(RULES)
    handlers = [Api(store, None), Editing(folder, store, takes_drafts=True), Metrics()]
    client = InProcess(flask_app(Service(handlers, Terms(guard=guard))))
    return Documented(client, bearer(CALLER))


# ------------------------------------------------------------------- who may call

_KINDS: Final = ("open", "metrics", "caller", "admin", "no such path")

# name, tokens, admin tokens, headers, statuses of: open, metrics, caller, admin, no such path
WHO: Final = [
    ("nothing configured", [], [], {}, (200, 200, 200, 404, 200)),
    ("nothing configured, a token", [], [], bearer(CALLER), (200, 200, 200, 404, 200)),
    ("no token", [CALLER], [], {}, (200, 401, 401, 401, 401)),
    ("a caller", [CALLER], [], bearer(CALLER), (200, 200, 200, 404, 200)),
    ("the second of two", [CALLER, OTHER], [], bearer(OTHER), (200, 200, 200, 404, 200)),
    ("an unknown token", [CALLER], [ADMIN], bearer(OTHER), (200, 401, 401, 401, 401)),
    ("a caller beside admins", [CALLER], [ADMIN], bearer(CALLER), (200, 200, 200, 403, 200)),
    ("an admin", [CALLER], [ADMIN], bearer(ADMIN), (200, 200, 200, 200, 200)),
    ("admins only, no token", [], [ADMIN], {}, (200, 200, 200, 401, 200)),
    ("admins only, an unknown token", [], [ADMIN], bearer(CALLER), (200, 200, 200, 401, 200)),
    ("admins only, an admin", [], [ADMIN], bearer(ADMIN), (200, 200, 200, 200, 200)),
]


@pytest.mark.parametrize(
    ("tokens", "admins", "headers", "expected"), [pytest.param(*row, id=name) for name, *row in WHO]
)
def test_who_may_call(
    tokens: list[str], admins: list[str], headers: Headers, expected: tuple[int, ...]
) -> None:
    guard = Guard(Tokens(tokens), Tokens(admins))

    operations = [operation(kind) for kind in _KINDS[:4]]
    found = tuple(status_of(guard, each, headers) for each in (*operations, None))

    assert dict(zip(_KINDS, found, strict=True)) == dict(zip(_KINDS, expected, strict=True))


def test_open_metrics_ask_for_nothing() -> None:
    guard = Guard(Tokens([CALLER]), Tokens(), open_metrics=True)

    assert status_of(guard, operation("metrics"), {}) == 200
    assert status_of(guard, operation("caller"), {}) == 401


@pytest.mark.parametrize("found", OPERATIONS, ids=lambda found: f"{found.method} {found.path}")
def test_every_route_asks_for_a_token(service: Documented, found: Operation) -> None:
    target = found.path.replace("{id}", "economy").replace("{file}", "crime.yaml")

    answer = service.ask(found.method, target)

    assert (answer.status == 401) is (found.access != "open")
    if answer.status == 401:
        assert answer.json["code"] == "unauthorized"
        assert answer.headers["www-authenticate"].startswith('Bearer realm="ruletag", Basic ')


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "BREW"])
def test_what_is_no_route_tells_strangers_nothing(service: Documented, method: str) -> None:
    assert service.ask(method, "/no/such/path").status == 401
    assert service.ask(method, "/no/such/path", b"", bearer(CALLER)).status == 404


def test_a_stranger_cannot_tell_which_methods_there_are(service: Documented) -> None:
    answer = service.ask("POST", "/v1/rules")

    assert answer.status == 401
    assert "allow" not in answer.headers


EXISTING: Final = ("/v1/tag", "/v1/rules", "/v1/rules/crime.yaml", "/livez", "/openapi.json")
MISSING: Final = ("/no/such/path", "//v1/tag", "/v1/tag/")
PREFLIGHT: Final = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}

# name, what a stranger sends
STRANGERS: Final[list[tuple[str, Headers]]] = [
    ("nothing", {}),
    ("an unknown token", bearer("stranger-0123456789")),
    ("an origin alone", {"Origin": PAGE}),
    ("a method alone", {"Access-Control-Request-Method": "POST"}),
    ("a preflight of another origin", PREFLIGHT | {"Origin": "https://evil.example"}),
]


def told(service: Documented, method: str, path: str, headers: Headers) -> tuple[object, ...]:
    """Return all that an answer tells but its own path and request id."""
    answer = service.ask(method, path, b"", headers)
    kept = {name: value for name, value in answer.headers.items() if name != "x-request-id"}
    said = answer.json | {"instance": ""} if answer.body else {}
    return answer.status, kept | {"content-length": ""}, said


@pytest.mark.parametrize("headers", [pytest.param(row, id=name) for name, row in STRANGERS])
def test_options_tells_strangers_nothing_of_a_path(service: Documented, headers: Headers) -> None:
    answers = [told(service, "OPTIONS", path, headers) for path in (*EXISTING, *MISSING)]

    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] == 401


@pytest.mark.parametrize("headers", [pytest.param(row, id=name) for name, row in STRANGERS])
def test_head_tells_strangers_nothing_of_a_path(service: Documented, headers: Headers) -> None:
    closed = [path for path in EXISTING if path != "/livez"]
    answers = [told(service, "HEAD", path, headers) for path in (*closed, *MISSING)]

    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] == 401


def test_a_preflight_is_answered_alike_at_every_path(service: Documented) -> None:
    answers = [told(service, "OPTIONS", path, PREFLIGHT) for path in (*EXISTING, *MISSING)]

    assert answers == [answers[0]] * len(answers)
    assert answers[0][0] == 200


def test_a_caller_learns_the_methods_of_a_path(service: Documented) -> None:
    there = service.ask("OPTIONS", "/v1/tag", b"", bearer(CALLER))
    missing = service.ask("OPTIONS", "/no/such/path", b"", bearer(CALLER))

    assert (there.status, there.headers["allow"]) == (200, "OPTIONS, POST")
    assert missing.status == 404


# ------------------------------------------------------------- what probes tell whom

# name, tokens, admin tokens, headers, whether details are told
PROBED: Final = [
    ("nothing configured", [], [], {}, True),
    ("no token", [CALLER], [], {}, False),
    ("an unknown token", [CALLER], [ADMIN], bearer(OTHER), False),
    ("a caller", [CALLER], [ADMIN], bearer(CALLER), True),
    ("an admin", [CALLER], [ADMIN], bearer(ADMIN), True),
    ("admins only, no token", [], [ADMIN], {}, True),
]


@pytest.mark.parametrize(
    ("tokens", "admins", "headers", "expected"),
    [pytest.param(*row, id=name) for name, *row in PROBED],
)
@pytest.mark.parametrize("rules", [RULES, {}], ids=["ready", "not ready"])
def test_whom_a_probe_tells_details(
    rules: dict[str, str],
    tokens: list[str],
    admins: list[str],
    headers: Headers,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    store = store_with(rules) if rules else Store()
    store.refuse((Problem(Location("secret.yaml", 1, 2), "E101", "secret", "a secret hint"),))
    terms = Terms(guard=Guard(Tokens(tokens), Tokens(admins)))
    client = InProcess(flask_app(Service([Api(store, None)], terms)))

    answer = client.ask("GET", "/readyz?verbose", b"", headers)

    checks = answer.json["checks"]
    assert answer.status == (200 if rules else 503)
    assert [(check["name"], check["status"]) for check in checks] == [
        ("rules", "pass" if rules else "fail"),
        ("last edit", "warn"),
    ]
    assert (b"secret" in answer.body) is expected
    assert any(check["detail"] for check in checks) is expected
    assert (b"sha256" in answer.body) is (expected and bool(rules))


# ------------------------------------------------------------- how a token may come

# name, the header, the token that is read from it
SENT: Final = [
    ("Bearer", f"Bearer {CALLER}", CALLER),
    ("in small letters", f"bearer {CALLER}", CALLER),
    ("in capitals, with more spaces", f"  BEARER   {CALLER} ", CALLER),
    ("Basic", "Basic " + base64.b64encode(f"x:{CALLER}".encode()).decode(), CALLER),
    ("Basic without a user", "Basic " + base64.b64encode(f":{CALLER}".encode()).decode(), CALLER),
    ("Basic, colons in it", "Basic " + base64.b64encode(b"x:a:b").decode(), "a:b"),
    ("Basic without a colon", "Basic " + base64.b64encode(CALLER.encode()).decode(), None),
    ("Basic without a password", "Basic " + base64.b64encode(b"x:").decode(), None),
    ("Basic, no base64", "Basic !!!!", None),
    ("Basic, cut short", "Basic eDp", None),
    ("Basic, base64 with spaces in it", "Basic eDp4 eDp4", None),
    ("Basic, no UTF-8", "Basic " + base64.b64encode(b"x:\xff\xfe").decode(), None),
    ("Basic, letters that are no ASCII", "Basic ééé", None),
    ("Basic, nothing", "Basic", None),
    ("Bearer, nothing", "Bearer", None),
    ("Bearer, spaces", "Bearer    ", None),
    ("another scheme", f"Digest {CALLER}", None),
    ("the token alone", CALLER, None),
    ("nothing", "", None),
]


@pytest.mark.parametrize(
    ("header", "expected"), [pytest.param(*row, id=name) for name, *row in SENT]
)
def test_how_a_token_may_come(header: str, expected: str | None) -> None:
    assert credential(request_with({"Authorization": header})) == expected


# name, the header
REFUSED: Final = [
    ("cut short", f"Bearer {CALLER[:-1]}"),
    ("with more behind", f"Bearer {CALLER}x"),
    ("in other letters", f"Bearer {CALLER.upper()}"),
    ("two headers, as servers join them", f"Bearer {CALLER}, Bearer {CALLER}"),
    ("two headers with commas", f"Bearer {CALLER},{CALLER}"),
    ("full width letters", f"Bearer {CALLER.replace('c', 'ｃ')}"),
    ("a byte that is no ASCII", f"Bearer {CALLER}\xff"),
    ("NUL behind", f"Bearer {CALLER}\0"),
    ("half a surrogate pair", f"Bearer {CALLER}\udc80"),
    ("very long", "Bearer " + "a" * 100_000),
    ("the digest of the token", "Bearer " + hashlib.sha256(CALLER.encode()).hexdigest()),
    ("a token in the wrong place", "Basic " + base64.b64encode(f"{CALLER}:x".encode()).decode()),
]


@pytest.mark.parametrize("header", [pytest.param(row, id=name) for name, row in REFUSED])
def test_what_is_not_let_in(header: str) -> None:
    guard = Guard(Tokens([CALLER]), Tokens([ADMIN]))

    for access in ("caller", "metrics", "admin"):
        assert status_of(guard, operation(access), {"Authorization": header}) == 401


@given(st.text())
def test_no_header_is_a_fault_of_ours(text: str) -> None:
    guard = Guard(Tokens([CALLER]), Tokens([ADMIN]))

    for scheme in ("Bearer ", "Basic ", ""):
        assert status_of(guard, operation("admin"), {"Authorization": scheme + text}) == 401


@pytest.mark.parametrize("name", ["token", "access_token", "Token", "ACCESS_TOKEN"])
@pytest.mark.parametrize("headers", [{}, bearer(CALLER)])
def test_a_token_in_a_url_is_refused_and_not_repeated(
    service: Documented, name: str, headers: Headers
) -> None:
    answer = service.ask("GET", f"/v1/rules?{name}={CALLER}", b"", headers)

    assert (answer.status, answer.json["code"]) == (400, "token_in_url")
    assert CALLER.encode() not in answer.body


@pytest.mark.parametrize("found", OPERATIONS, ids=lambda found: f"{found.method} {found.path}")
def test_no_route_takes_a_token_in_its_url(service: Documented, found: Operation) -> None:
    target = found.path.replace("{id}", "economy").replace("{file}", "crime.yaml")

    answer = service.ask(found.method, f"{target}?token={ADMIN}", b"", bearer(ADMIN))

    assert (answer.status == 400) is (found.access != "open")


def test_a_token_is_never_logged_or_repeated(
    service: Documented, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for token in (CALLER, ADMIN, "stranger-0123456789"):
        for headers in (bearer(token), basic(f"x:{token}")):
            for method, target in (("GET", "/v1/rules"), ("DELETE", "/v1/rules/crime.yaml")):
                answer = service.ask(method, target, b"", headers)
                assert token.encode() not in answer.body
                assert token not in str(answer.headers)
    told = "\n".join(str(vars(record)) for record in caplog.records)
    assert CALLER not in told
    assert ADMIN not in told


def test_the_log_names_callers_by_a_digest() -> None:
    names = {caller(request_with(headers)) for headers in (bearer(CALLER), basic(f"x:{CALLER}"))}

    assert len(names) == 1
    assert re.fullmatch("[0-9a-f]{8}", names.pop())
    assert caller(request_with({})) == ""


def test_all_digests_are_compared_and_all_are_of_one_length(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    compared: list[tuple[int, int]] = []

    def compare(one: bytes, other: bytes) -> bool:
        compared.append((len(one), len(other)))
        return one == other

    monkeypatch.setattr(hmac, "compare_digest", compare)
    tokens = Tokens([CALLER, OTHER, "a" * 500])

    for token in (CALLER, "b", "a" * 500):
        compared.clear()
        tokens.has(token)
        assert compared == [(32, 32)] * 3


# -------------------------------------------------------------------- files of tokens


@pytest.fixture
def no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at files of tokens whenever one is asked about."""
    monkeypatch.setattr(auth, "_LOOK", 0)


def test_a_file_adds_to_the_tokens_given(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(
        b"\xef\xbb\xbf# of the desk\r\n\r\n  file-0123456789abc  \r\n#x\nlast-0123456789ab"
    )

    tokens = Tokens([CALLER], file)

    assert len(tokens) == 3
    assert all(map(tokens.has, (CALLER, "file-0123456789abc", "last-0123456789ab")))
    assert not tokens.has("# of the desk")


# name, what is in the file, what is said of it
BAD_FILES: Final = [
    ("nothing in it", b"", "holds no tokens"),
    ("only a comment", b"# tokens\n\n", "holds no tokens"),
    ("too short", b"# x\nshort-secret\n", "malformed in line 2"),
    ("two in a line", b"secret-0123456789 secret-0123456789\n", "malformed in line 1"),
    ("a comma", b"secret-0123456789,secret-0123456789\n", "malformed in line 1"),
    ("no ASCII", "secret-0123456789é\n".encode(), "malformed in line 1"),
    ("UTF-16", "secret-0123456789".encode("utf-16"), "malformed in line 1"),
    ("too large", b"# \n" * 400_000, "is too large"),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*row, id=name) for name, *row in BAD_FILES]
)
def test_a_bad_file_stops_the_start_and_shows_nothing(
    tmp_path: Path, content: bytes, expected: str
) -> None:
    file = tmp_path / "tokens"
    file.write_bytes(content)

    for settings in (Settings(tokens_file=file), Settings(admin_tokens_file=file)):
        with pytest.raises(SettingsError, match=expected) as found:
            check(settings)

    assert str(file) in str(found.value)
    assert "secret" not in str(found.value)


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("content", [pytest.param(row[1], id=row[0]) for row in BAD_FILES])
def test_a_file_that_goes_bad_changes_nothing(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "tokens"
    file.write_text(f"{OTHER}\n", encoding="utf-8")
    tokens = Tokens([], file)

    file.write_bytes(content)

    assert [tokens.has(OTHER), tokens.has(OTHER), bool(tokens)] == [True, True, True]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("; the tokens before stay")
    assert "secret" not in line


@pytest.mark.usefixtures("no_wait")
@pytest.mark.parametrize("content", [pytest.param(row[1], id=row[0]) for row in BAD_FILES])
def test_a_process_that_starts_with_a_bad_file_lets_nobody_in_by_it(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing that lies on the disk may end a service that runs, and nothing may open it."""
    file = tmp_path / "tokens"
    file.write_bytes(content)
    found = guard(Settings(tokens_file=file, admin_tokens=(ADMIN,)))

    assert status_of(found, operation("caller"), bearer(CALLER)) == 401
    assert status_of(found, operation("caller"), {}) == 401
    assert status_of(found, operation("admin"), bearer(ADMIN)) == 200
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith("; it lets nobody in")

    file.write_text(CALLER, encoding="ascii")
    assert status_of(found, operation("caller"), bearer(CALLER)) == 200


def test_a_file_that_is_none(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for name, expected in (
        ("missing", "no such file"),
        ("pipe", "is no file"),
        (".", "is a directory"),
    ):
        with pytest.raises(SettingsError, match=expected):
            check(Settings(tokens_file=tmp_path / name))


@pytest.mark.usefixtures("no_wait")
def test_tokens_are_exchanged_while_the_service_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    file = tmp_path / "tokens"
    file.write_text("first-0123456789\n", encoding="utf-8")
    tokens = Tokens([CALLER], file)
    seen = []

    for content in ("first-0123456789\nsecond-0123456789", "second-0123456789", "third-0123456789"):
        file.write_text(content, encoding="utf-8")
        names = ("first-0123456789", "second-0123456789", "third-0123456789", CALLER)
        seen.append([tokens.has(name) for name in names])
    file.unlink()
    seen.append([tokens.has("third-0123456789")] * 4)

    assert seen == [
        [True, True, False, True],
        [False, True, False, True],
        [False, False, True, True],
        [True] * 4,
    ]
    assert [record.levelname for record in caplog.records] == ["INFO"] * 4 + ["ERROR"]


def test_a_mounted_secret_that_is_swapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_LOOK", 0)
    for number in ("1", "2"):
        (tmp_path / number).mkdir()
        (tmp_path / number / "tokens").write_text(f"version-{number}-0123456789", encoding="utf-8")
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "tokens").symlink_to("..data/tokens")
    tokens = Tokens([], tmp_path / "tokens")

    (tmp_path / "..next").symlink_to("2")
    (tmp_path / "..next").rename(tmp_path / "..data")

    assert tokens.has("version-2-0123456789")
    assert not tokens.has("version-1-0123456789")


def test_a_file_is_read_at_most_once_a_second(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("first-0123456789\n", encoding="utf-8")
    tokens = Tokens([], file)

    file.write_text("second-0123456789\n", encoding="utf-8")

    assert not tokens.has("second-0123456789")


# ------------------------------------------------------------------------- browsers


def test_every_answer_has_the_headers_of_security(service: Documented) -> None:
    for target in ("/v1/rules", "/livez", "/no/such/path", "/openapi.json"):
        for headers in ({}, bearer(CALLER)):
            found = service.ask("GET", target, b"", headers).headers
            assert found["x-content-type-options"] == "nosniff"
            assert found["referrer-policy"] == "no-referrer"
            assert found["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"


# name, the origin sent, whether its pages may call
ORIGINS: Final = [
    ("the one configured", PAGE, True),
    ("another scheme", "http://news.example", False),
    ("another port", f"{PAGE}:8443", False),
    ("a sub-domain", "https://x.news.example", False),
    ("one that ends like it", "https://evilnews.example", False),
    ("one that begins like it", f"{PAGE}.evil.example", False),
    ("capitals", "https://NEWS.example", False),
    ("with a slash", f"{PAGE}/", False),
    ("null", "null", False),
    ("any", "*", False),
]


@pytest.mark.parametrize(
    ("origin", "expected"), [pytest.param(*row, id=name) for name, *row in ORIGINS]
)
def test_which_pages_may_call(
    service: Documented,
    origin: str,
    expected: bool,  # noqa: FBT001 - a row
) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}

    for method, headers in (("OPTIONS", asked), ("POST", {"Origin": origin} | bearer(CALLER))):
        found = service.ask(method, "/v1/tag", b"", headers).headers
        assert (found.get("access-control-allow-origin") == origin) is expected
        assert "Origin" in found["vary"]
        assert ("access-control-allow-headers" in found) is (expected and method == "OPTIONS")
        assert "access-control-allow-credentials" not in found


def test_no_pages_may_call_unless_configured(folder: Path) -> None:
    service = served(folder, Guard(Tokens(), Tokens()))
    headers = {"Origin": PAGE, "Access-Control-Request-Method": "POST"}

    found = service.ask("OPTIONS", "/v1/tag", b"", headers).headers

    assert not [name for name in found if name.startswith("access-control")]


# ------------------------------------------------------------------------- settings


def test_the_guard_of_the_default_settings_lets_callers_in() -> None:
    found = guard(Settings())

    assert [status_of(found, operation(kind), {}) for kind in _KINDS[:4]] == [200, 200, 200, 404]


def test_the_guard_of_settings(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(OTHER, encoding="utf-8")
    found = guard(
        read_settings(
            {
                "RULETAG_TOKENS": CALLER,
                "RULETAG_TOKENS_FILE": str(file),
                "RULETAG_ADMIN_TOKENS": ADMIN,
                "RULETAG_METRICS": "open",
            }
        )
    )

    assert status_of(found, operation("metrics"), {}) == 200
    for token, expected in ((CALLER, 403), (OTHER, 403), (ADMIN, 200), ("x" * 16, 401)):
        assert status_of(found, operation("admin"), bearer(token)) == expected


@pytest.mark.parametrize(
    "origin", ["*", "news.example", "https://news.example/", "https://*.example", "null", "file://"]
)
def test_an_origin_that_is_none(origin: str) -> None:
    with pytest.raises(SettingsError, match="RULETAG_CORS"):
        check(Settings(cors=(origin,)))
