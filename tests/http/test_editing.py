"""Rule files over the network: read, checked and edited, and nothing else of the machine."""

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.documented import Service as Documented
from contract.pace import pace
from contract.rules import RULES, store_with
from contract.service import PROBLEM, Answer, Headers, InProcess
from ruletag.http import folder as folders
from ruletag.http.api import Api, Deadlines
from ruletag.http.app import flask_app
from ruletag.http.auth import Guard, Tokens
from ruletag.http.editing import Editing
from ruletag.http.folder import UnusableError, is_name
from ruletag.http.handling import Service, Terms
from ruletag.http.trial import Edit, run, tried
from ruletag.limits import LIMITS
from ruletag.rules.loader import read_rules
from ruletag.serving.store import Store

CALLER: Final = "caller-0123456789"
ADMIN: Final = "admin-0123456789ab"
LIST: Final = b"id,word\nHS-74,copper\n"
WITH_LIST: Final = b"""categories:
  metal: [$metals]
lists:
  metals: {file: lists/metals.csv, column: word}
"""
MANY_FORMS: Final = b"categories: {a: [%s]}" % b", ".join(
    b"go~ go~ go~ w%d" % i for i in range(200)
)
NEW: Final = b"categories: {weather: [rain, snow]}\n"
BAD: Final = b"categories: {weather: [rain, snow]\n"
YAML: Final = {"Content-Type": "application/yaml"}
TO_CREATE: Final = {"If-None-Match": "*"}


def tag(content: bytes | str) -> str:
    raw = content.encode() if isinstance(content, str) else content
    return f'"{hashlib.sha256(raw).hexdigest()}"'


def as_admin(**headers: str) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {"Authorization": f"Bearer {ADMIN}"} | named


def to_edit(content: bytes | str) -> dict[str, str]:
    return {"If-Match": tag(content)}


class Desk:
    """A service on a folder of its own."""

    def __init__(
        self,
        folder: Path,
        store: Store,
        *,
        takes_drafts: bool = True,
        deadlines: Deadlines = Deadlines(),  # noqa: B008 - it cannot be changed
    ) -> None:
        self.folder = folder
        editing = Editing(folder, store, takes_drafts=takes_drafts, deadlines=deadlines)
        self._handlers = [Api(store, None), editing]
        self.service = Documented(self.client(Guard(Tokens(), Tokens([ADMIN]))))

    def client(self, guard: Guard, at_work: int = 64) -> InProcess:
        """Give a client of the same service on other terms."""
        terms = Terms(guard=guard, at_work=at_work)
        return InProcess(flask_app(Service(self._handlers, terms)))

    def get(self, name: str, headers: Headers | None = None) -> Answer:
        return self.service.ask("GET", f"/v1/rules/{name}", b"", headers)

    def put(self, name: str, content: bytes, headers: Headers) -> Answer:
        return self.service.ask(
            "PUT", f"/v1/rules/{name}", content, {**as_admin(), **YAML, **headers}
        )

    def delete(self, name: str, headers: Headers) -> Answer:
        return self.service.ask("DELETE", f"/v1/rules/{name}", b"", {**as_admin(), **headers})

    def check(self, content: bytes) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.service.post(
            "/v1/rules/check", content, "application/yaml"
        ).json["problems"]
        return found

    @property
    def files(self) -> dict[str, bytes]:
        """Everything that lies in the folder, hidden files too."""
        paths = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return Desk(folder, store_with(RULES))


def outline(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["code"] if answer.media_type == PROBLEM else ""


# ---------------------------------------------------------------------------- names

# name, whether a rule file could have it
NAMES: Final = [
    ("crime.yaml", True),
    ("lists/counties.csv", True),
    ("a/b/c/d.YML", True),
    ("밀수.txt", True),
    ("with space.yaml", True),
    ("", False),
    ("check", False),
    (".yaml", False),
    (".hidden.yaml", False),
    ("#crime.yaml#", False),
    ("#crime.yaml", False),
    ("crime.yaml~", False),
    ("crime.yaml.bak", False),
    ("crime.json", False),
    ("..", False),
    ("../crime.yaml", False),
    ("lists/../../crime.yaml", False),
    ("./crime.yaml", False),
    ("/etc/crime.yaml", False),
    ("lists//crime.yaml", False),
    ("lists/", False),
    ("..data/crime.yaml", False),
    (".git/crime.yaml", False),
    ("..\\crime.yaml", False),
    ("lists\\crime.yaml", False),
    ("C:\\crime.yaml", False),
    ("crime.yaml\0", False),
    ("crime\0.yaml", False),
    ("crime\n.yaml", False),
    ("crime\r\nX-Evil: 1.yaml", False),
    ("crime\x1b[31m.yaml", False),
    ("crime\u202elmay.yaml", False),
    ("crime\u200b.yaml", False),
    ("crime\ufffd.yaml", False),
    ("crime\udc80.yaml", False),
    (" crime.yaml", False),
    ("lists /crime.yaml", False),
    ("crime.yaml/x.yaml", False),
    ("%2e%2e/crime.yaml", True),  # these bytes themselves are a name like any other
    ("a" * 250 + ".yaml", True),
    ("a" * 251 + ".yaml", False),
    ("밀" * 100 + ".yaml", False),
    ("a/" * 500 + "x.yaml", True),
    ("a/" * 510 + "x.yaml", False),
]


@pytest.mark.parametrize(
    ("name", "expected"), [pytest.param(*row, id=repr(row[0])[:40]) for row in NAMES]
)
def test_names(name: str, expected: bool) -> None:  # noqa: FBT001 - a row
    assert is_name(name) is expected


# what stands in the URL behind /v1/rules/; none of these may lead anywhere
OUTSIDE: Final = [
    "../secret.yaml",
    "..%2fsecret.yaml",
    "%2e%2e/secret.yaml",
    "%2e%2e%2fsecret.yaml",
    "%252e%252e%252fsecret.yaml",
    "..%5csecret.yaml",
    "..%c0%afsecret.yaml",
    "..%ef%bc%8fsecret.yaml",
    "lists/..%2f..%2fsecret.yaml",
    "%2fetc%2fsecret.yaml",
    "/etc/secret.yaml",
    "secret.yaml%00",
    "secret.yaml%00.yaml",
    "%00",
    "%ff%fe.yaml",
    ".%2fcrime.yaml",
    "link.yaml",
    "linked/secret.yaml",
    "inside.yaml",
    "pipe.yaml",
    "folder.yaml",
    ".hidden.yaml",
    ".ruletag-edit-0123.yaml",
    "a" * 5000 + ".yaml",
    "a/" * 2000 + "x.yaml",
    "gone/x.yaml",
    "crime.yaml/x.yaml",
    "crime.yaml/",
    "CRIME.yaml",
]


def full_of_traps(desk: Desk) -> None:
    outside = desk.folder.parent
    (outside / "secret.yaml").write_bytes(b"categories: {secret: [secret]}\n")
    (desk.folder / "link.yaml").symlink_to(outside / "secret.yaml")
    (desk.folder / "linked").symlink_to(outside)
    (desk.folder / "inside.yaml").symlink_to("crime.yaml")
    (desk.folder / "folder.yaml").mkdir()
    (desk.folder / ".hidden.yaml").write_bytes(b"secret")
    (desk.folder / ".ruletag-edit-0123.yaml").write_bytes(b"secret")
    os.mkfifo(desk.folder / "pipe.yaml")


@pytest.mark.parametrize("name", OUTSIDE, ids=lambda name: name[:40])
def test_nothing_outside_can_be_read(desk: Desk, name: str) -> None:
    full_of_traps(desk)

    answer = desk.get(name)

    assert answer.status == 404
    assert b"secret: [" not in answer.body


@pytest.mark.parametrize("name", OUTSIDE, ids=lambda name: name[:40])
def test_nothing_outside_can_be_written_or_removed(desk: Desk, name: str) -> None:
    full_of_traps(desk)
    names = {"gone/x.yaml", "CRIME.yaml", "%252e%252e%252fsecret.yaml"}  # could be made new
    before = {str(path): path.lstat().st_ino for path in desk.folder.parent.rglob("*")}

    for condition in ({"If-Match": "*"}, {"If-None-Match": "*"} if name not in names else {}):
        for answer in (desk.put(name, NEW, condition), desk.delete(name, condition)):
            assert answer.status in {404, 405, 409, 412, 422, 428}

    assert {str(path): path.lstat().st_ino for path in desk.folder.parent.rglob("*")} == before
    assert (desk.folder.parent / "secret.yaml").read_bytes().startswith(b"categories: {secret")


@given(st.text(max_size=30))
def test_a_name_that_is_taken_stays_below_the_folder(name: str) -> None:
    for candidate in (name, f"{name}.yaml", f"{name}/x.csv"):
        if is_name(candidate):
            path = os.path.normpath(f"/rules/{candidate}")
            assert path == f"/rules/{candidate}"


def test_a_link_that_is_put_in_the_way_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "rules" / "sub").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    with folders.locked(tmp_path / "rules") as opened:
        opened.write("sub/a.yaml", NEW)
        (tmp_path / "rules" / "sub").rename(tmp_path / "rules" / "old")
        (tmp_path / "rules" / "sub").symlink_to(tmp_path / "outside")

        acts: list[Callable[[], object]] = [
            lambda: opened.write("sub/b.yaml", NEW),
            lambda: opened.read("sub/a.yaml"),
            lambda: opened.remove("sub/a.yaml"),
        ]
        for act in acts:
            with pytest.raises(UnusableError):
                act()

    assert list((tmp_path / "outside").iterdir()) == []


# -------------------------------------------------------------------------- reading


def test_a_rule_file_is_given_as_it_lies_there(desk: Desk) -> None:
    answer = desk.get("crime.yaml")

    assert (answer.status, answer.body) == (200, RULES["crime.yaml"].encode())
    assert answer.headers["content-type"] == "application/yaml; charset=utf-8"
    assert answer.headers["etag"] == tag(RULES["crime.yaml"])


def test_list_files_are_given_as_well(desk: Desk) -> None:
    (desk.folder / "lists").mkdir()
    (desk.folder / "lists" / "metals.csv").write_bytes(LIST)
    (desk.folder / "more words.txt").write_bytes(b"copper\r\n")

    found = [
        desk.get(name) for name in ("lists/metals.csv", "lists%2fmetals.csv", "more%20words.txt")
    ]

    assert [answer.body for answer in found] == [LIST, LIST, b"copper\r\n"]
    types = [answer.headers["content-type"] for answer in found]
    assert types == ["text/csv; charset=utf-8"] * 2 + ["text/plain; charset=utf-8"]


def test_a_file_that_is_known_is_not_sent_again(desk: Desk) -> None:
    known = tag(RULES["crime.yaml"])

    for header in (known, f"W/{known}", f'"x", {known}', "*"):
        answer = desk.get("crime.yaml", {"If-None-Match": header})
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", known)
    assert desk.get("crime.yaml", {"If-None-Match": '"x"'}).status == 200


def test_an_answer_that_could_be_compressed_keeps_its_strong_tag(desk: Desk) -> None:
    content = NEW + b"# long\n" * 1000
    (desk.folder / "long.yaml").write_bytes(content)

    answer = desk.get("long.yaml", {"Accept-Encoding": "gzip"})

    assert answer.headers["etag"] == tag(content)
    assert "content-encoding" not in answer.headers


def test_a_mounted_config_map_is_read_and_not_edited(tmp_path: Path) -> None:
    (tmp_path / "..2026").mkdir()
    (tmp_path / "..2026" / "crime.yaml").write_text(RULES["crime.yaml"], encoding="utf-8")
    (tmp_path / "..data").symlink_to("..2026")
    (tmp_path / "crime.yaml").symlink_to("..data/crime.yaml")
    desk = Desk(tmp_path, store_with(RULES))

    assert desk.get("crime.yaml").body == RULES["crime.yaml"].encode()
    assert outline(desk.put("crime.yaml", NEW, {"If-Match": "*"})) == (409, "not_editable")


def test_a_file_too_large_to_edit_is_not_read_into_memory(desk: Desk) -> None:
    with (desk.folder / "large.csv").open("wb") as file:
        file.truncate(LIMITS.rule_file + 1)

    assert desk.get("large.csv").status == 404
    assert outline(desk.put("large.csv", LIST, {"If-Match": "*", "Content-Type": "text/csv"})) == (
        409,
        "not_editable",
    )


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "gone", store_with(RULES))

    assert desk.get("crime.yaml").status == 404
    assert outline(desk.put("crime.yaml", NEW, TO_CREATE)) == (409, "not_editable")


# -------------------------------------------------------------------------- editing


def test_a_file_is_made_changed_and_removed(desk: Desk) -> None:
    made = desk.put("weather.yaml", NEW, TO_CREATE)
    assert made.status == 201
    assert made.json["file"] == "weather.yaml"
    assert made.headers["etag"] == tag(NEW)
    assert desk.files["weather.yaml"] == NEW
    assert made.json["rules"] == made.headers["ruleset-next"] == read_rules(desk.folder).digest

    changed = desk.put("weather.yaml", NEW + b"# x\n", {"If-Match": made.headers["etag"]})
    assert changed.status == 200
    assert changed.json["rules"] == read_rules(desk.folder).digest != made.json["rules"]
    assert desk.get("weather.yaml").headers["etag"] == changed.headers["etag"]

    removed = desk.delete("weather.yaml", {"If-Match": changed.headers["etag"]})
    assert (removed.status, removed.body) == (204, b"")
    assert removed.headers["ruleset-next"] == read_rules(desk.folder).digest
    assert set(desk.files) == set(RULES)


def test_list_files_and_sub_folders(desk: Desk) -> None:
    csv = {"Content-Type": "text/csv"}
    assert outline(desk.put("metals.yaml", WITH_LIST, TO_CREATE)) == (422, "invalid_rules")
    assert desk.put("lists/metals.csv", LIST, TO_CREATE | csv).status == 201
    assert desk.put("metals.yaml", WITH_LIST, TO_CREATE).status == 201

    bad = desk.put("lists/metals.csv", b"id,name\n1,x\n", to_edit(LIST) | csv)
    assert bad.status == 422
    assert bad.json["problems"][0]["file"] in {"metals.yaml", "lists/metals.csv"}
    assert desk.delete("lists/metals.csv", to_edit(LIST)).status == 422
    assert desk.put("lists/metals.csv", LIST * 2, to_edit(LIST) | csv).status == 200

    assert desk.files["lists/metals.csv"] == LIST * 2


# name, method, file, condition, what comes of it
CONDITIONS: Final = [
    ("none", "PUT", "crime.yaml", {}, (428, "condition_needed")),
    ("none, to remove", "DELETE", "crime.yaml", {}, (428, "condition_needed")),
    ("none, a new file", "PUT", "new.yaml", {}, (428, "condition_needed")),
    (
        "only what it is not",
        "PUT",
        "crime.yaml",
        {"If-None-Match": '"x"'},
        (428, "condition_needed"),
    ),
    ("another version", "PUT", "crime.yaml", {"If-Match": '"x"'}, (412, "changed")),
    ("another version, to remove", "DELETE", "crime.yaml", {"If-Match": '"x"'}, (412, "changed")),
    ("no tag", "PUT", "crime.yaml", {"If-Match": "x"}, (412, "changed")),
    ("a weak tag", "PUT", "crime.yaml", {"If-Match": "W/{tag}"}, (412, "changed")),
    ("a tag without quotes", "PUT", "crime.yaml", {"If-Match": "{bare}"}, (412, "changed")),
    ("the digest in capitals", "PUT", "crime.yaml", {"If-Match": "{upper}"}, (412, "changed")),
    ("a file that is there, as new", "PUT", "crime.yaml", TO_CREATE, (412, "changed")),
    ("a file that is not, as there", "PUT", "new.yaml", {"If-Match": "*"}, (412, "changed")),
    ("a file that is not, by its tag", "PUT", "new.yaml", {"If-Match": "{tag}"}, (412, "changed")),
    ("both at once", "PUT", "crime.yaml", {"If-Match": "{tag}"} | TO_CREATE, (412, "changed")),
    (
        "both at once, a new file",
        "PUT",
        "new.yaml",
        {"If-Match": "*"} | TO_CREATE,
        (412, "changed"),
    ),
    ("a file that is not, to remove", "DELETE", "new.yaml", {"If-Match": "*"}, (404, "not_found")),
    ("the version", "PUT", "crime.yaml", {"If-Match": "{tag}"}, (200, "")),
    ("one of several", "PUT", "crime.yaml", {"If-Match": 'W/"x", "y", {tag}'}, (200, "")),
    ("any version", "PUT", "crime.yaml", {"If-Match": "*"}, (200, "")),
    ("any version, to remove", "DELETE", "crime.yaml", {"If-Match": "*"}, (204, "")),
    ("a new file", "PUT", "new.yaml", TO_CREATE, (201, "")),
]


@pytest.mark.parametrize(
    ("method", "file", "condition", "expected"),
    [pytest.param(*row, id=name) for name, *row in CONDITIONS],
)
def test_conditions(
    desk: Desk, method: str, file: str, condition: Headers, expected: tuple[int, str]
) -> None:
    known = tag(RULES["crime.yaml"])
    marks = {"tag": known, "bare": known.strip('"'), "upper": known.upper()}
    filled = {name: value.format(**marks) for name, value in condition.items()}

    answer = desk.put(file, NEW, filled) if method == "PUT" else desk.delete(file, filled)

    assert outline(answer) == expected
    if answer.status >= 400:
        assert desk.files == {name: text.encode() for name, text in RULES.items()}


# name, file, what is put there, the codes of its problems
NOT_USABLE: Final = [
    ("no YAML", "new.yaml", BAD, {"E101"}),
    ("not UTF-8", "new.yaml", b"categories: {a: [\xff]}", {"E102"}),
    ("empty", "new.yaml", b"", {"E111"}),
    ("a category that is there", "new.yaml", b"categories: {economy: [x1]}", {"E401"}),
    (
        "several problems",
        "new.yaml",
        b"categories: {a: [], b: {x: 1}, c: [x y ...]}",
        {"E204", "E201", "E305"},
    ),
    (
        "a test that fails",
        "new.yaml",
        b"categories: {a: {match: [rain], tests: {tag: [snow]}}}",
        {"E405"},
    ),
    ("a list file that is not there", "new.yaml", WITH_LIST, {"E110"}),
    ("an alias bomb", "new.yaml", b"a: &a [x, x]\nb: [*a, *a]\n", {"E105"}),
    (
        "a Python object",
        "new.yaml",
        b"categories: {a: [!!python/object/apply:os.system [id]]}",
        {"E106"},
    ),
]


@pytest.mark.parametrize(
    ("file", "content", "expected"), [pytest.param(*row, id=name) for name, *row in NOT_USABLE]
)
def test_what_cannot_be_used_changes_nothing(
    desk: Desk, file: str, content: bytes, expected: set[str]
) -> None:
    answer = desk.put(file, content, TO_CREATE)

    assert outline(answer) == (422, "invalid_rules")
    assert expected <= {problem["code"] for problem in answer.json["problems"]}
    assert all(problem["file"] for problem in answer.json["problems"])
    assert desk.files == {name: text.encode() for name, text in RULES.items()}


def test_what_others_need_is_not_removed(desk: Desk) -> None:
    assert desk.put("x.yaml", b"categories: {x: [$economy, y]}", TO_CREATE).status == 201

    answer = desk.delete("goods.yaml", {"If-Match": "*"})

    assert answer.status == 422
    assert answer.json["problems"][0]["code"] == "E306"
    assert "goods.yaml" in desk.files


def test_the_last_rule_file_is_not_removed(desk: Desk) -> None:
    assert desk.delete("crime.yaml", {"If-Match": "*"}).status == 204

    answer = desk.delete("goods.yaml", {"If-Match": "*"})

    assert answer.json["problems"][0]["code"] == "E403"
    assert set(desk.files) == {"goods.yaml"}


def test_the_first_rule_file_of_an_empty_folder(tmp_path: Path) -> None:
    desk = Desk(tmp_path, store_with(RULES))

    assert desk.put("weather.yaml", NEW, TO_CREATE).status == 201


def test_a_bad_file_is_mended(desk: Desk) -> None:
    (desk.folder / "bad.yaml").write_bytes(BAD)

    assert desk.put("new.yaml", NEW, TO_CREATE).json["problems"][0]["file"] == "bad.yaml"
    assert desk.put("bad.yaml", NEW, to_edit(BAD)).status == 200


# name, method and file, headers, body, what comes of it
REFUSED: Final = [
    (
        "another media type",
        "PUT",
        "new.yaml",
        {"Content-Type": "application/json"},
        NEW,
        (415, "unsupported_media_type"),
    ),
    (
        "no media type",
        "PUT",
        "new.yaml",
        {"Content-Type": ""},
        NEW,
        (415, "unsupported_media_type"),
    ),
    (
        "another encoding",
        "PUT",
        "new.yaml",
        {"Content-Encoding": "br"},
        NEW,
        (415, "unsupported_encoding"),
    ),
    ("too large", "PUT", "new.yaml", {}, b"#" * (LIMITS.rule_file + 1), (413, "body_too_large")),
    ("no gzip", "PUT", "new.yaml", {"Content-Encoding": "gzip"}, NEW, (400, "bad_request")),
    (
        "no admin",
        "PUT",
        "new.yaml",
        {"Authorization": f"Bearer {CALLER}"},
        NEW,
        (401, "unauthorized"),
    ),
    ("a name that none can have", "PUT", ".new.yaml", {}, NEW, (422, "invalid_name")),
    ("the name of a route", "PUT", "check", {}, NEW, (405, "method_not_allowed")),
    ("the name of a route, to remove", "DELETE", "check", {}, b"", (405, "method_not_allowed")),
]


@pytest.mark.parametrize(
    ("method", "file", "headers", "body", "expected"),
    [pytest.param(*row, id=name) for name, *row in REFUSED],
)
def test_refusals(  # noqa: PLR0913, PLR0917 - a row
    desk: Desk, method: str, file: str, headers: Headers, body: bytes, expected: tuple[int, str]
) -> None:
    sent = {**as_admin(), **YAML, **TO_CREATE, **headers}

    assert outline(desk.service.ask(method, f"/v1/rules/{file}", body, sent)) == expected
    assert desk.files == {name: text.encode() for name, text in RULES.items()}


def test_a_read_only_folder(desk: Desk) -> None:
    """As another user where the tests are root's, for whom nothing is read-only."""
    script = """
import os, sys
from pathlib import Path
from ruletag.http.folder import locked, UnusableError
if os.geteuid() == 0:
    os.setuid(65534)
with locked(Path(sys.argv[1])) as folder:
    write, remove = folder.write, folder.remove
    for act in (
        lambda: write("a.yaml", b""),
        lambda: write("b/a.yaml", b""),
        lambda: remove("crime.yaml"),
    ):
        try:
            act()
        except UnusableError as error:
            print(error)
"""
    desk.folder.chmod(0o555)
    for parent in desk.folder.parents[:3]:
        parent.chmod(0o755)

    done = subprocess.run(
        [sys.executable, "-c", script, str(desk.folder)], capture_output=True, text=True, check=True
    )
    desk.folder.chmod(0o755)

    assert done.stdout.splitlines() == ["permission denied"] * 3
    assert set(desk.files) == set(RULES)


def test_the_mode_of_a_file_stays(desk: Desk) -> None:
    (desk.folder / "crime.yaml").chmod(0o640)

    desk.put("crime.yaml", NEW, {"If-Match": "*"})

    assert (desk.folder / "crime.yaml").stat().st_mode & 0o777 == 0o640


def test_what_a_killed_edit_left_behind_is_no_rule_file_and_goes_with_the_next(desk: Desk) -> None:
    (desk.folder / ".ruletag-edit-0123").write_bytes(BAD)
    (desk.folder / ".ruletag-other").write_bytes(b"")

    assert desk.put("weather.yaml", NEW, TO_CREATE).status == 201

    assert set(desk.files) == {*RULES, "weather.yaml", ".ruletag-other"}


def test_an_edit_that_is_killed_leaves_the_file_whole(tmp_path: Path) -> None:
    """Killed at each step between the first byte and the rename."""
    script = """
import os, sys
from pathlib import Path
from ruletag.http import folder
name = sys.argv[2]
def killed(*args, **kwargs):
    os.kill(os.getpid(), 9)
setattr(folder.os, name, killed)
with folder.locked(Path(sys.argv[1])) as opened:
    opened.write("a.yaml", b"new" * 1000)
"""
    (tmp_path / "a.yaml").write_bytes(b"old")
    for step in ("fdopen", "fchmod", "fsync", "rename"):
        done = subprocess.run([sys.executable, "-c", script, str(tmp_path), step], check=False)
        assert done.returncode == -9
        assert (tmp_path / "a.yaml").read_bytes() == b"old"
        names = [path.name for path in tmp_path.iterdir()]
        assert [name for name in names if not name.startswith(".")] == ["a.yaml"]


# ---------------------------------------------------------------------- two at once


def test_of_two_edits_at_once_one_wins(desk: Desk) -> None:
    before = RULES["crime.yaml"].encode()
    contents = [before + f"# {i}\n".encode() for i in range(6)]
    found: list[int] = []

    def edit(content: bytes) -> None:
        found.append(desk.put("crime.yaml", content, to_edit(before)).status)

    threads = [threading.Thread(target=edit, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(found) == [200] + [412] * 5
    assert desk.files["crime.yaml"] in contents
    assert set(desk.files) == set(RULES)


def test_an_edit_waits_for_another_process_and_not_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = """
import sys
from pathlib import Path
from ruletag.http.folder import locked
with locked(Path(sys.argv[1])):
    print("locked", flush=True)
    sys.stdin.read()
"""
    monkeypatch.setattr(folders, "_PATIENCE", 0.1)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(desk.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"locked\n"
        refused = desk.put("new.yaml", NEW, TO_CREATE)
        other.kill()

    assert outline(refused) == (503, "overloaded")
    assert refused.headers["retry-after"] == "1"
    assert desk.put("new.yaml", NEW, TO_CREATE).status == 201


def test_an_edit_made_beside_it_while_it_was_tried(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tried_slowly(edit: Edit) -> object:
        outcome = tried(edit)
        (desk.folder / "goods.yaml").write_bytes(NEW)
        return outcome

    monkeypatch.setattr("ruletag.http.editing.tried", tried_slowly)

    assert outline(desk.put("new.yaml", NEW, TO_CREATE)) == (412, "changed")
    assert "new.yaml" not in desk.files


# ---------------------------------------------------------------------------- trial


def test_a_trial_that_takes_too_long_is_ended(desk: Desk) -> None:
    started = time.monotonic()

    (problem,) = tried(Edit(desk.folder, "a.yaml", NEW), 0.01).problems

    assert problem.code == "E499"
    assert time.monotonic() - started < 5


def test_a_trial_that_crashes_is_a_refused_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ruletag.http.trial._COMMAND", "import os; os.abort()")

    (problem,) = tried(Edit(desk.folder, "a.yaml", NEW)).problems

    assert (problem.code, "signal 6" in problem.detail) == ("E499", True)


def test_a_trial_that_cannot_be_started_is_a_refused_edit(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/program")

    (problem,) = tried(Edit(desk.folder, "a.yaml", NEW)).problems

    assert (problem.code, "no such file" in problem.detail) == ("E499", True)


def test_a_trial_is_what_a_reload_will_do(desk: Desk) -> None:
    for content in (NEW, None):
        edit = Edit(desk.folder, "crime.yaml", content)
        assert tried(edit) == run(edit)
    (desk.folder / "crime.yaml").write_bytes(NEW)
    assert run(Edit(desk.folder, "crime.yaml", NEW)).digest == read_rules(desk.folder).digest


def test_one_rule_file_too_many(desk: Desk) -> None:
    for number in range(LIMITS.rule_files - len(RULES)):
        (desk.folder / f"{number}.yaml").write_text(
            f"categories: {{c{number}: [w{number}]}}", encoding="utf-8"
        )

    (problem,) = run(Edit(desk.folder, "one-more.yaml", NEW)).problems

    assert problem.code == "E404"


# ---------------------------------------------------------------------------- audit


def test_each_edit_has_one_line_in_the_audit_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ruletag.audit")
    asked = {"X-Request-ID": "id-1"}

    desk.put("weather.yaml", NEW, TO_CREATE | asked)
    desk.put("weather.yaml", BAD, to_edit(NEW) | asked)
    desk.delete("weather.yaml", to_edit(NEW) | asked)

    digest = hashlib.sha256(NEW).hexdigest()
    told = [vars(record) for record in caplog.records if record.name == "ruletag.audit"]
    names = ("msg", "request_id", "method", "file", "before", "after", "status")
    assert [tuple(line[name] for name in names) for line in told] == [
        ("rules edited", "id-1", "PUT", "weather.yaml", "", digest, 201),
        ("edit refused", "id-1", "PUT", "weather.yaml", digest, "", 422),
        ("rules edited", "id-1", "DELETE", "weather.yaml", digest, "", 204),
    ]
    token = hashlib.sha256(ADMIN.encode()).hexdigest()[:8]
    assert {line["token"] for line in told} == {token}
    assert ADMIN not in str(told)


# ---------------------------------------------------------------------------- check

# name, what is posted, the codes of what is found
CHECKED: Final = [
    (
        "nothing wrong",
        b"categories:\n  weather:\n    match: [rain]\n    tests: {tag: [rain]}\n",
        [],
    ),
    ("a warning", b"categories: {weather: [rain, rain]}\n", ["W501"]),
    ("an error", BAD, ["E101"]),
    ("not UTF-8", b"\xff", ["E102"]),
    ("nothing", b"", ["E111"]),
    ("a list file", WITH_LIST, ["E110"]),
    ("too many forms", MANY_FORMS, ["E308"]),
]


@pytest.mark.parametrize(
    ("content", "expected"), [pytest.param(*row, id=name) for name, *row in CHECKED]
)
def test_check(desk: Desk, content: bytes, expected: list[str]) -> None:
    before = desk.files

    found = desk.check(content)

    assert sorted({problem["code"] for problem in found}) == expected
    assert all(problem["file"] == "draft.yaml" for problem in found)
    assert desk.files == before


def test_check_uses_the_lists_in_force_and_looks_at_no_others(tmp_path: Path) -> None:
    words = ", ".join(f"long word {i}" for i in range(30_000))
    lists = f"lists: {{used: [copper, $inner], inner: [a b, a b], idle: [{words}]}}\n"
    desk = Desk(tmp_path, store_with(RULES | {"lists.yaml": lists}))

    assert desk.check(b"categories: {metals: [$used ... thing, frobnicate]}\n") == []
    started = time.process_time()
    (problem,) = desk.check(b"categories: {metals: [rain, $used, rain]}\n")
    spent = time.process_time() - started

    assert (problem["code"], problem["file"]) == ("W501", "draft.yaml")
    assert spent < 0.5 * pace()


def test_check_without_rules_in_force(tmp_path: Path) -> None:
    assert Desk(tmp_path, Store()).check(BAD)[0]["code"] == "E101"


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        pytest.param(
            {"Content-Type": "application/json"}, b"{}", (415, "unsupported_media_type"), id="JSON"
        ),
        pytest.param(YAML | {"Accept": "text/html"}, NEW, (406, "not_acceptable"), id="as a page"),
        pytest.param(YAML, b"#" * (LIMITS.draft + 1), (413, "body_too_large"), id="too large"),
        pytest.param(YAML | {"Content-Encoding": "gzip"}, b"a", (400, "bad_request"), id="no gzip"),
    ],
)
def test_what_check_refuses(
    desk: Desk, headers: Headers, body: bytes, expected: tuple[int, str]
) -> None:
    assert outline(desk.service.ask("POST", "/v1/rules/check", body, headers)) == expected


@pytest.mark.parametrize("method", ["OPTIONS", "GET", "HEAD", "PUT", "DELETE", "PATCH"])
def test_check_has_no_method_of_the_files_beside_it(desk: Desk, method: str) -> None:
    answer = desk.service.ask(method, "/v1/rules/check", b"", as_admin())

    assert answer.headers["allow"] == "OPTIONS, POST"
    assert answer.status == (200 if method == "OPTIONS" else 405)


def test_check_can_be_turned_off(tmp_path: Path) -> None:
    desk = Desk(tmp_path, store_with(RULES), takes_drafts=False)

    answer = desk.service.post("/v1/rules/check", NEW, "application/yaml")

    assert outline(answer) == (404, "not_found")


def test_what_check_says_is_json(desk: Desk) -> None:
    (problem,) = desk.check(BAD)

    assert set(problem) == {
        *("code", "title", "severity", "detail", "hint", "file", "line", "column")
    }
    assert json.dumps(problem)


# --------------------------------------------------- every answer that is described

_FILE: Final = "/v1/rules/{file}"
_CHECK: Final = "/v1/rules/check"
_KNOWN: Final = {"If-None-Match": tag(RULES["crime.yaml"])}
_ANY: Final = {"If-Match": "*"}
_PACKED: Final = {"Transfer-Encoding": "gzip, chunked"}
_GZIP: Final = {"Content-Encoding": "gzip"}
_JSON: Final = {"Content-Type": "application/json"}
_STRANGER: Final = {"Authorization": "Bearer stranger-0123456789"}
_CALLER: Final = {"Authorization": f"Bearer {CALLER}"}
_LARGE: Final = b"#" * (LIMITS.rule_file + 1)

# method, path, status → the file, headers, body
ANSWERS: Final[dict[tuple[str, str, str], tuple[str, Headers, bytes]]] = {
    ("GET", _FILE, "200"): ("crime.yaml", {}, b""),
    ("GET", _FILE, "304"): ("crime.yaml", _KNOWN, b""),
    ("GET", _FILE, "400"): ("crime.yaml?token=x", {}, b""),
    ("GET", _FILE, "404"): ("new.yaml", {}, b""),
    ("GET", _FILE, "401"): ("crime.yaml", _STRANGER, b""),
    ("GET", _FILE, "503"): ("crime.yaml", {}, b""),
    ("PUT", _FILE, "200"): ("crime.yaml", _ANY, NEW),
    ("PUT", _FILE, "201"): ("new.yaml", TO_CREATE, NEW),
    ("PUT", _FILE, "400"): ("new.yaml", TO_CREATE | _GZIP, NEW),
    ("PUT", _FILE, "401"): ("crime.yaml", _STRANGER, NEW),
    ("PUT", _FILE, "403"): ("crime.yaml", _CALLER, NEW),
    ("PUT", _FILE, "404"): ("new.yaml", TO_CREATE, NEW),
    ("PUT", _FILE, "409"): ("link.yaml", _ANY, NEW),
    ("PUT", _FILE, "412"): ("new.yaml", _ANY, NEW),
    ("PUT", _FILE, "413"): ("new.yaml", TO_CREATE, _LARGE),
    ("PUT", _FILE, "415"): ("new.yaml", TO_CREATE | _JSON, NEW),
    ("PUT", _FILE, "501"): ("new.yaml", TO_CREATE | _PACKED, NEW),
    ("PUT", _FILE, "422"): ("new.yaml", TO_CREATE, BAD),
    ("PUT", _FILE, "428"): ("new.yaml", {}, NEW),
    ("PUT", _FILE, "503"): ("new.yaml", TO_CREATE, NEW),
    ("DELETE", _FILE, "204"): ("crime.yaml", _ANY, b""),
    ("DELETE", _FILE, "400"): ("crime.yaml?access_token=x", _ANY, b""),
    ("DELETE", _FILE, "401"): ("crime.yaml", _STRANGER, b""),
    ("DELETE", _FILE, "403"): ("crime.yaml", _CALLER, b""),
    ("DELETE", _FILE, "404"): ("new.yaml", _ANY, b""),
    ("DELETE", _FILE, "409"): ("link.yaml", _ANY, b""),
    ("DELETE", _FILE, "412"): ("crime.yaml", {"If-Match": '"x"'}, b""),
    ("DELETE", _FILE, "422"): ("goods.yaml", _ANY, b""),
    ("DELETE", _FILE, "428"): ("crime.yaml", {}, b""),
    ("DELETE", _FILE, "503"): ("crime.yaml", _ANY, b""),
    ("POST", _CHECK, "200"): ("", {}, NEW),
    ("POST", _CHECK, "400"): ("", _GZIP, NEW),
    ("POST", _CHECK, "401"): ("", _STRANGER, NEW),
    ("POST", _CHECK, "404"): ("", {}, NEW),
    ("POST", _CHECK, "406"): ("", {"Accept": "text/html"}, NEW),
    ("POST", _CHECK, "413"): ("", {}, b"#" * (LIMITS.draft + 1)),
    ("POST", _CHECK, "415"): ("", _JSON, NEW),
    ("POST", _CHECK, "501"): ("", _PACKED, NEW),
    ("POST", _CHECK, "422"): ("", {}, NEW),
    ("POST", _CHECK, "503"): ("", {}, NEW),
}


def test_every_answer_described_has_a_request_that_gets_it(desk: Desk) -> None:
    described = {
        (method.upper(), path, status)
        for path in (_FILE, _CHECK)
        for method, operation in desk.service.document["paths"][path].items()
        for status in operation["responses"]
        # Our own faults: a test that could make one would find a bug. A disk that is full is
        # made in `bad_inputs/test_hard_life.py`, slow bodies in `edge/test_slow_clients.py`.
        if status not in {"408", "500", "507"}
    }

    assert set(ANSWERS) == described


@pytest.mark.parametrize("key", ANSWERS, ids=" ".join)
def test_every_answer_described_can_be_had(desk: Desk, key: tuple[str, str, str]) -> None:
    method, path, status = key
    file, headers, body = ANSWERS[key]
    if status == "409":
        (desk.folder / "link.yaml").symlink_to("crime.yaml")
    if status == "422" and method == "DELETE":
        desk.put("x.yaml", b"categories: {x: [$economy, y]}", TO_CREATE)
    asked = Desk(
        desk.folder,
        store_with(RULES),
        takes_drafts=status != "404",
        deadlines=Deadlines(text=0 if status == "422" else 60),
    )
    admins = Tokens([] if (method, status) == ("PUT", "404") else [ADMIN])
    guard = Guard(Tokens([CALLER, ADMIN]), admins)
    asked.service.client = asked.client(guard, at_work=0 if status == "503" else 64)

    target = path.replace("{file}", file)
    answer = asked.service.ask(method, target, body, {**as_admin(), **YAML, **headers})

    assert str(answer.status) == status
