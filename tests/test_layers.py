"""Imports run one way: a module may use only what stands above it."""

import ast
from pathlib import Path

import pytest

import ruletag

PACKAGE = Path(ruletag.__file__).parent

# From the ground up; within a line from left to right.
LAYERS = """
    lazy deadline version limits problems settings
    text.words text.folding text.offsets text.sentences
    language.forms language.cues language.korean
    rules.mistakes rules.yamltree rules.model rules.keywords rules.values rules.entries
        rules.wordlists rules.definitions rules.parser rules.loader rules.sources rules.patches
        rules.commented rules.layout
        rules.schema rules.importers.rulefile rules.importers.words rules.importers.queries
        rules.importers.nexis rules.importers.presidio rules.importers.quanteda
        rules.importers.spacy
    matching.automaton matching.wordforms
    rules.describe
    matching.terms matching.entries matching.references matching.compiler matching.gaps
        matching.quotations matching.contexts
        matching.scanning matching.tagging matching.windows matching.findings
        matching.evidence matching.judging matching.tagger matching.reasons
        matching.obstacles matching.nearmisses matching.accounts matching.explainer
        matching.examples
    linting.names linting.vocabulary linting.trees linting.comments linting.found linting.operators
        linting.scopes linting.words linting.duplicates linting.exceptions linting.rules
        linting.runner linting.fixes
    serving.store serving.shared serving.artefact serving.lastgood serving.builder
        serving.leader serving.follower serving.runtime serving.drafts
    corpus.gold corpus.scores corpus.evaluate
    http.refusals http.wire http.explanations http.catalogue
        http.requests http.compression http.api http.openapi http.handling
        http.app http.auth http.folder http.trial http.editing http.lines http.logs
        http.tallies http.metrics http.traces http.spans http.decisions http.observing
    cli.terminal cli.documents cli.marking cli.common cli.explanations cli.reports cli.client
        cli.accepting cli.selection cli.check cli.describe cli.schema cli.expand cli.explain cli.fmt
        cli.import_ cli.serve cli.settings cli.status cli.tag cli.test
        cli.evaluations cli.eval_ cli.main
    edge.streams edge.asgi wsgi asgi edge.connection edge.worker edge.granian edge.gunicorn_config
        edge.master
""".split()
FACE = "__init__"  # the package root: nothing inside imports it


def modules() -> dict[str, Path]:
    """Name every module of the package, as ``http.wire``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".")
        if not name.endswith(".__init__"):
            found[name] = path
    return found


def imported(path: Path) -> set[str]:
    """Name the modules of this package that a file imports, wherever in it that is."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            names.add(str(node.module))
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
    inside = {name.removeprefix("ruletag.") for name in names if name.startswith("ruletag.")}
    root = {FACE} if "ruletag" in names and not inside else set()
    return (inside & modules().keys()) | root


def test_every_module_has_its_place() -> None:
    assert sorted([*LAYERS, FACE]) == sorted(modules())


@pytest.mark.parametrize("name", LAYERS)
def test_imports_run_one_way(name: str) -> None:
    above = set(LAYERS[: LAYERS.index(name)])

    assert imported(modules()[name]) <= above


@pytest.mark.parametrize("name", LAYERS)
def test_imports_stand_at_the_top(name: str) -> None:
    tree = ast.parse(modules()[name].read_text(encoding="utf-8"))

    inner = [
        node
        for statement in tree.body
        if not isinstance(statement, ast.Import | ast.ImportFrom)
        for node in ast.walk(statement)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]

    assert inner == []
