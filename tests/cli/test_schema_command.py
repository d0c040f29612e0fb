"""`ruletag schema`: what it prints is the schema that lies beside the rules."""

from pathlib import Path
from typing import Final

from cli.conftest import Process, Run

STORED: Final = Path(__file__).parents[2] / "rules" / "rule-file.schema.json"


def test_the_schema_beside_the_rules_is_what_the_command_prints(run: Run) -> None:
    done = run("schema")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == STORED.read_text(encoding="utf-8")


def test_a_folder_that_holds_it_is_read_as_before(run: Run, rules: Path) -> None:
    before = run("check").stderr

    (rules / "rule-file.schema.json").write_text(run("schema").stdout, encoding="utf-8")

    assert (run("check").exit_code, run("check").stderr) == (0, before)


def test_it_takes_no_rules(run: Run) -> None:
    assert run("schema", RULETAG_RULES="nowhere").exit_code == 0


def test_a_closed_pipe_is_silent(process: Process) -> None:
    done = process("ruletag schema | head -c 1")

    assert (done.stdout, done.stderr) == ("{", "")
