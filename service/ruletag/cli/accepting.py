"""Write into the tests of rule files what is found now: ``ruletag test --accept``."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from ruletag.matching.examples import Result, marked
from ruletag.problems import Location
from ruletag.rules.patches import Edit, Source, as_scalar, edited, write_file


def accept(results: Iterable[Result], folder: Path, files: Mapping[str, bytes]) -> int:
    """Mark in each failing test that is tagged what was found; give the number of tests changed.

    Raises `OSError` where a file cannot be written, or has changed meanwhile.
    """
    edits = list(_edits(results, files))
    for name, after in edited(files, edits).items():
        write_file(folder, name, files[name], after)
    return len(edits)


def _edits(results: Iterable[Result], files: Mapping[str, bytes]) -> Iterable[Edit]:
    sources: dict[str, Source] = {}
    for result in results:
        where = result.example.location
        if not can_be_accepted(result):
            continue
        source = sources.setdefault(where.file, Source(where.file, files[where.file]))
        text = marked(result.example.text, result.found)
        yield source.edit(where, as_scalar(text, in_flow=_is_in_flow(source, where)))


def can_be_accepted(result: Result) -> bool:
    """Say whether only the marks of a test are wrong, and its text stands in one line."""
    return (
        result.outcome == "failed"
        and result.example.kind == "tag"
        and result.given is not None
        and result.example.location.length > 0
    )


def _is_in_flow(source: Source, where: Location) -> bool:
    before = source.text[source.index(where.line, 1) : source.span(where)[0]]
    return not before.rstrip().endswith("-")
