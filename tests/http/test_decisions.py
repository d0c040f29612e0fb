"""The decision log says what was decided and why, and never holds a text."""

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ruletag.http import wire
from ruletag.http.decisions import Decisions, File, check, decision_log
from ruletag.http.lines import Lines
from ruletag.matching.compiler import CompiledRules, compile_rules
from ruletag.matching.tagger import tag
from ruletag.rules.loader import parse_rules
from ruletag.settings import Settings, SettingsError

RULES = b"""
categories:
  trade.metals: {match: [copper, tin]}
  trade.fuel: {match: [coal]}
  smuggling: {match: [smuggl*], except: [no smuggling]}
  old: {match: [copper], status: deprecated}
  new: {match: [copper], status: draft}
  border: {match: [{all: [[copper], [border]]}]}
"""


class Kept:
    """A sink that keeps what is written, and fails when told to."""

    def __init__(self) -> None:
        self.content = b""
        self.fails = False

    def write(self, content: bytes) -> None:
        """Keep it."""
        if self.fails:
            raise OSError
        self.content += content

    def after_fork(self) -> None:
        """Do nothing."""


@pytest.fixture(scope="module")
def rules() -> CompiledRules:
    return compile_rules(parse_rules({"a.yaml": RULES}))


def decided(rules: CompiledRules, *documents: wire.Document, **settings: Any) -> list[Any]:  # noqa: ANN401
    """Give the lines for some texts."""
    sink = Kept()
    log = Decisions(Settings(**settings), Lines(sink))
    for document in documents:
        tagging = tag(rules, document.text, document.title)
        log.tagged("request-1", document, rules.digest, tagging)
    log.lines.flush(5)
    return [json.loads(line) for line in sink.content.splitlines()]


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


# -------------------------------------------------------------------------- a line


def test_a_text_has_a_line(rules: CompiledRules) -> None:
    text = "They smuggled 𠮷 copper."

    (line,) = decided(rules, wire.Document(text=text, id="article-7"))

    assert line.pop("ts")
    categories = {given.pop("category"): given for given in line.pop("categories")}
    assert line == {
        "level": "info",
        "logger": "ruletag.decision",
        "msg": "decision",
        "request_id": "request-1",
        "rules_digest": rules.digest,
        "id": "article-7",
        "text_sha256": sha256(text),
        "title_sha256": None,
        "complete": True,
    }
    assert categories == {
        "trade.metals": {"score": 1, "spans": [{"start": 16, "end": 22, "keyword": "copper"}]},
        "smuggling": {"score": 1, "spans": [{"start": 5, "end": 13, "keyword": "smuggl*"}]},
        "old": {
            "score": 1,
            "spans": [{"start": 16, "end": 22, "keyword": "copper"}],
            "status": "deprecated",
        },
        "new": {
            "score": 1,
            "spans": [{"start": 16, "end": 22, "keyword": "copper"}],
            "status": "draft",
        },
        "trade": {"score": None, "spans": [], "implied_by": ["trade.metals"]},
    }


def test_a_text_without_categories_has_a_line_too(rules: CompiledRules) -> None:
    (line,) = decided(rules, wire.Document(text=""))

    assert line["categories"] == []
    assert line["text_sha256"] == sha256("")


def test_what_stands_in_the_title_says_so(rules: CompiledRules) -> None:
    (line,) = decided(rules, wire.Document(text="nothing", title="Tin"))

    assert line["title_sha256"] == sha256("Tin")
    spans = next(g["spans"] for g in line["categories"] if g["category"] == "trade.metals")
    assert spans == [{"start": 0, "end": 3, "keyword": "tin", "in": "title"}]


def test_the_text_is_not_in_it(rules: CompiledRules) -> None:
    text = "SMUGGLERS crossed that secret Border with COPPER before dawn"

    (line,) = decided(rules, wire.Document(text=text, title="Unsaid"))

    said = json.dumps(line)
    assert not [word for word in (*text.split(), "Unsaid") if word in said]


def test_many_spans_are_counted_and_not_listed(rules: CompiledRules) -> None:
    (line,) = decided(rules, wire.Document(text="copper " * 500))

    given = next(g for g in line["categories"] if g["category"] == "trade.metals")
    assert len(given["spans"]) == 100
    assert given["spans_left_out"] == 400


def test_an_id_is_bounded_and_harmless(rules: CompiledRules) -> None:
    (line,) = decided(rules, wire.Document(text="copper", id="\x1b[31m\r\n\u202e" + "x" * 100_000))

    assert line["id"].startswith("\x1b[31m\r\n\u202exxx")
    assert len(line["id"]) == 256


def test_each_is_one_line_without_control_characters(rules: CompiledRules) -> None:
    sink = Kept()
    log = Decisions(Settings(), Lines(sink))
    document = wire.Document(text="copper", id="a\r\nb\x9b\u2028")

    log.tagged("id", document, rules.digest, tag(rules, document.text))
    log.lines.flush(5)

    assert sink.content.decode().removesuffix("\n").isprintable()


# ------------------------------------------------------------------- mask and sample

# name, mask, the categories of a text whose spans are left out
MASKS = [
    ("nothing", (), set()),
    ("one category", ("smuggling",), {"smuggling"}),
    ("a category, not what is below it", ("trade",), {"trade"}),
    ("a category and all below it", ("trade.*",), {"trade", "trade.metals"}),
    ("what only begins alike", ("trad.*", "smug"), set()),
]


@pytest.mark.parametrize(
    ("mask", "masked"), [pytest.param(*case, id=name) for name, *case in MASKS]
)
def test_the_mask_leaves_spans_out(
    rules: CompiledRules, mask: tuple[str, ...], masked: set[str]
) -> None:
    (line,) = decided(rules, wire.Document(text="They smuggled copper."), decision_mask=mask)

    without = {g["category"] for g in line["categories"] if g["spans"] is None}
    assert without == masked
    assert "smuggling" in {g["category"] for g in line["categories"]}


TEXTS = [wire.Document(text=f"text number {i}") for i in range(2_000)]


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 1])
def test_a_share_of_the_texts_is_written(rules: CompiledRules, share: float) -> None:
    found = decided(rules, *TEXTS[:400], decision_sample=share)

    assert abs(len(found) - share * 400) < 50
    assert share not in {0, 1} or len(found) == share * 400


def test_the_same_texts_are_chosen_again_and_more_of_them_by_a_larger_share(
    rules: CompiledRules,
) -> None:
    few, again, more = (
        {line["text_sha256"] for line in decided(rules, *TEXTS[:300], decision_sample=share)}
        for share in (0.2, 0.2, 0.4)
    )

    assert few == again
    assert few < more


# -------------------------------------------------------------------- where it goes


def test_it_is_off_unless_asked_for() -> None:
    assert decision_log(Settings()) is None


def written(path: Path, content: bytes = b"line\n") -> None:
    File(path).write(content)


def test_a_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    written(tmp_path / "log")

    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o600


def test_a_file_is_added_to(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")

    written(tmp_path / "log")

    assert (tmp_path / "log").read_text() == "before\nline\n"


@pytest.mark.parametrize("how", ["moved", "taken away", "replaced"])
def test_a_file_that_is_no_longer_there_is_opened_anew(tmp_path: Path, how: str) -> None:
    path = tmp_path / "log"
    file = File(path)
    file.write(b"1\n")
    if how == "moved":
        path.rename(tmp_path / "log.1")
    else:
        path.unlink()
    if how == "replaced":
        path.write_text("new\n")

    file.write(b"2\n")

    assert path.read_text() == ("new\n2\n" if how == "replaced" else "2\n")


def test_a_folder_that_comes_back_is_written_to_again(tmp_path: Path, rules: CompiledRules) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = Decisions(Settings(), Lines(File(folder / "log")))
    lost: list[int] = []
    log.lines.dropped = lost.append

    def write() -> None:
        log.tagged("id", wire.Document(text="copper"), rules.digest, tag(rules, "copper"))
        log.lines.flush(5)

    write()
    folder.rename(tmp_path / "gone")
    write()
    folder.mkdir()
    write()

    note, line = map(json.loads, (folder / "log").read_text().splitlines())
    assert lost == [1]
    assert (note["msg"], note["count"]) == ("decisions were dropped", 1)
    assert line["msg"] == "decision"


def test_a_line_cut_short_is_ended_before_the_next(tmp_path: Path) -> None:
    script = f"""
import resource, signal
from pathlib import Path
from ruletag.http.decisions import File
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = File(Path({str(tmp_path / "log")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (10, resource.RLIM_INFINITY))
try:
    file.write(b"a" * 20 + b"\\n")
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    file.write(b"whole\\n")
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)

    assert (tmp_path / "log").read_text() == "a" * 10 + "\nwhole\n"


def test_when_too_many_wait_the_oldest_are_dropped(tmp_path: Path) -> None:
    sink = Kept()
    sink.fails = True
    lines = Lines(sink, room=2_000)
    dropped: list[int] = []
    lines.dropped = dropped.append

    for _ in range(100):
        lines.put(b"x" * 500 + b"\n")
    lines.flush(5)

    assert sum(dropped) == 100
    assert not list(tmp_path.iterdir())


# ------------------------------------------------------------------------- at the start


def test_a_good_place_is_fine(tmp_path: Path) -> None:
    for place in ("off", "stdout", str(tmp_path / "log")):
        check(Settings(decision_log=place))


def test_a_bad_place_is_refused_at_the_start(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "there").touch()
    (tmp_path / "link").symlink_to(tmp_path / "there")
    for place in ("no/such/folder/log", "fifo", "link", "", "there/log"):
        with pytest.raises(SettingsError, match="cannot be written"):
            check(Settings(decision_log=str(tmp_path / place)))
