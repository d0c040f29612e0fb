"""`ruletag import`: what goes where, the exit codes, and every command of its page."""

import re
from pathlib import Path
from typing import Final

import pytest

from cli.conftest import Process, Run

PAGE: Final = Path(__file__).parents[2] / "docs" / "import.md"
# What the commands at the top of the page read.
INPUTS: Final = {
    "metals.txt": "copper\nzinc\n",
    "dictionary.yml": "economy:\n  trade: [tariff*, export]\n",
    "queries.txt": "copper w/s zinc\n",
    "recognizers.yaml": "supported_entity: TITLE\ndeny_list: [Mr., Mrs.]\n",
    "patterns.jsonl": '{"label": "METAL", "pattern": [{"LOWER": "copper"}]}\n',
}
EXAMPLE: Final = """\
# Imported from the word list metals.txt.
# Each word is found in any case and takes its plural; `{word: …, forms: none}` stops that.

categories:
  metals:
    - copper
    - zinc
"""


@pytest.fixture(autouse=True)
def inputs(home: Path) -> Path:
    for name, text in INPUTS.items():
        (home / name).write_text(text, encoding="utf-8")
    return home


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


# ------------------------------------------------------------------ its page


def test_the_commands_of_the_page_do_what_it_says(process: Process) -> None:
    Path("rules").mkdir()
    commands = blocks("console")[0].splitlines()

    done = [process(line.removeprefix("$ ")) for line in commands]

    assert [one.returncode for one in done] == [0] * len(commands)
    checked = process("ruletag check")
    assert checked.returncode == 0
    assert "5 files" in checked.stderr
    assert "error" not in checked.stderr


def test_the_example_of_the_page_is_real(process: Process) -> None:
    Path("desk.txt").write_text(blocks("text")[0], encoding="utf-8")
    command, _, shown = blocks("console")[1].removeprefix("$ ").partition("\n")

    done = process(command)

    assert done.stdout == shown
    assert done.returncode == 1


def test_the_page_is_short() -> None:
    assert len(PAGE.read_text(encoding="utf-8").splitlines()) <= 120


# ------------------------------------------------------------------- streams


def test_rules_go_to_standard_output_and_counts_elsewhere(run: Run) -> None:
    done = run("import", "words", "metals.txt")

    assert done.stdout == EXAMPLE
    assert done.stderr == "2 entries in 1 category\n"
    assert done.exit_code == 0


def test_a_file_is_written_and_never_overwritten(run: Run) -> None:
    first = run("import", "words", "metals.txt", "--output", "a.yaml")
    Path("metals.txt").write_text("tin", encoding="utf-8")
    second = run("import", "words", "metals.txt", "--output", "a.yaml")

    assert first.exit_code == 0
    assert first.stdout == ""
    assert second.exit_code == 2
    assert "a.yaml is there already" in second.stderr
    assert Path("a.yaml").read_text(encoding="utf-8") == EXAMPLE


def test_a_folder_that_is_missing(run: Run) -> None:
    done = run("import", "words", "metals.txt", "--output", "no/where/a.yaml")

    assert done.exit_code == 2
    assert done.stderr.startswith("ruletag: no/where/a.yaml: no such file")


def test_standard_input(run: Run) -> None:
    done = run("import", "words", "-", text="copper\n...\n")

    assert "  imported:\n    - copper\n" in done.stdout
    assert "# Imported from the word list standard input." in done.stdout
    assert done.stderr.startswith("standard input:2:1: not carried: `...`: dots would")
    assert done.stderr.endswith("1 entry in 1 category; 1 piece not carried\n")
    assert done.exit_code == 1


def test_standard_input_that_is_closed(process: Process) -> None:
    done = process("ruletag import words - <&-")

    assert done.returncode == 2
    assert done.stderr == "ruletag: standard input is closed\n"


def test_a_pipe_that_is_closed(process: Process) -> None:
    Path("many.txt").write_text("".join(f"word{i}\n" for i in range(20_000)), encoding="utf-8")

    done = process("ruletag import words many.txt | head -1")

    assert done.stdout.startswith("# Imported")
    assert "Traceback" not in done.stderr


def test_nothing_carried_writes_nothing(run: Run) -> None:
    Path("metals.txt").write_text("™\n", encoding="utf-8")

    done = run("import", "words", "metals.txt", "--output", "a.yaml")

    assert done.exit_code == 1
    assert done.stderr.endswith("no entry, so no rule file; 1 piece not carried\n")
    assert not Path("a.yaml").exists()


def test_only_the_first_remarks_are_said(run: Run) -> None:
    Path("metals.txt").write_text("™\n" * 1 + "".join(f"{i} ... x\n" for i in range(150)))

    done = run("import", "words", "metals.txt", "--category", "a")

    assert done.stderr.count("not carried: ") == 100
    assert "… and 51 more, all in the rule file\n" in done.stderr


# ---------------------------------------------------------------- long lists


def test_a_long_list_goes_into_a_file_beside_the_rules(run: Run) -> None:
    Path("rules").mkdir()
    words = ["# names", "a*b", *(f"name{i}" for i in range(20_001))]
    Path("names.txt").write_text("\n".join(words), encoding="utf-8")

    done = run("import", "words", "names.txt", "--category", "a.b", "--output", "rules/n.yaml")

    assert done.exit_code == 0
    assert done.stderr.startswith("ruletag: wrote rules/n.txt and rules/n.yaml\n")
    listed = Path("rules/n.txt").read_text(encoding="utf-8").splitlines()
    assert listed == ["# names", "a\\*b", *words[2:]]
    assert run("check").exit_code == 0
    shown = run("expand", "$a_b_words").stdout
    assert "name20000\tname20000\n" in shown


def test_a_long_list_needs_a_place(run: Run) -> None:
    Path("names.txt").write_text("\n".join(f"name{i}" for i in range(20_001)), encoding="utf-8")

    done = run("import", "words", "names.txt")

    assert done.exit_code == 2
    assert done.stdout == ""
    assert "give --output NAME.yaml" in done.stderr


def test_too_much_for_one_rule_file(run: Run) -> None:
    word = '{"label": "A", "pattern": [{"LOWER": "word%d"}], "id": "x"}\n'
    Path("patterns.jsonl").write_text("".join(word % i for i in range(60_000)))

    done = run("import", "spacy", "patterns.jsonl")

    assert done.exit_code == 2
    assert "too much for one rule file" in done.stderr


# --------------------------------------------------------------- wrong input

# name, arguments, what is said
REFUSED: Final = [
    ("an unknown format", ["xml", "metals.txt"], "'xml' is not one of"),
    ("no such file", ["words", "none.txt"], "ruletag: none.txt: no such file"),
    ("a folder", ["words", "."], "ruletag: .: is a directory"),
    ("a category that is none", ["words", "metals.txt", "--category", "A B"], "--category: an id"),
    (
        "a category that is long",
        ["words", "metals.txt", "--category", "a" * 65],
        "--category: an id has at most 64",
    ),
    ("a huge file", ["words", "huge"], "huge: more than 64 MiB; import it in parts"),
    ("no words", ["words", "empty"], "empty: there is no word in it"),
    ("no queries", ["nexis", "empty"], "empty: there is no query in it"),
    ("no patterns", ["spacy", "empty"], "empty: there is no pattern in it"),
    ("an empty dictionary", ["quanteda", "empty"], "empty:1:1: "),
    ("not UTF-8", ["words", "latin"], "latin:2:4: not UTF-8: byte 0xe9; save it with"),
    ("UTF-16", ["words", "utf16"], "utf16:1:1: the file is UTF-16"),
    ("broken YAML", ["quanteda", "broken"], "broken:1:4: `[` is never closed (add `]`"),
    ("broken JSON", ["spacy", "broken"], "broken:1:1: not JSON: expecting value"),
]


@pytest.mark.parametrize(
    ("arguments", "said"), [pytest.param(*case, id=name) for name, *case in REFUSED]
)
def test_what_cannot_be_read(run: Run, arguments: list[str], said: str) -> None:
    Path("empty").write_bytes(b"\n")
    Path("latin").write_bytes(b"tin\ncaf\xe9\n")
    Path("utf16").write_bytes("tin".encode("utf-16"))
    Path("broken").write_bytes(b"a: [tin\n")
    with Path("huge").open("wb") as huge:
        huge.truncate(65 * 1024**2)  # takes no room

    done = run("import", *arguments)

    assert done.exit_code == 2
    assert done.stdout == ""
    assert said in done.stderr
