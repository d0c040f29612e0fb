"""The interface that pipelines and notebooks import."""

import doctest
from pathlib import Path

import pytest

import ruletag

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def rules() -> ruletag.Rules:
    return ruletag.load_rules(ROOT / "rules")


def test_the_example_in_its_documentation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)

    assert doctest.testmod(ruletag).failed == 0


def test_evidence_leads_back_to_the_text(rules: ruletag.Rules) -> None:
    text = "😀 They tried to smuggle copper abroad."

    tagging = rules.tag(text)

    assert tagging.complete
    for tag in tagging.tags:
        for evidence in tag.evidence:
            assert text[evidence.start : evidence.end] == evidence.text
            assert (ROOT / "rules" / evidence.source.split(":")[0]).is_file()
            assert evidence.keyword


def test_a_title_and_a_choice_of_categories(rules: ruletag.Rules) -> None:
    tagging = rules.tag("Copper.", title="Smugglers arrested", categories=["smuggling"])

    assert [(tag.category, [e.in_title for e in tag.evidence]) for tag in tagging.tags] == [
        ("smuggling", [True])
    ]


def test_the_shipped_rules_are_the_default(rules: ruletag.Rules) -> None:
    assert ruletag.load_rules().digest == rules.digest
    assert "smuggling" in rules.categories


def test_bad_rules_are_one_error_with_all_problems(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("categories: {a: [~], b: [x, x*]}\n", encoding="utf-8")

    with pytest.raises(ruletag.RuleSetError) as refusal:
        ruletag.load_rules(tmp_path)

    assert [problem.code for problem in refusal.value.problems] == ["E204", "E304"]
    assert refusal.value.problems[0].location == ruletag.Location("bad.yaml", 1, 18, 1)


def test_bytes_are_no_text(rules: ruletag.Rules) -> None:
    with pytest.raises(TypeError, match="a text is a str, not bytes; decode bytes first"):
        rules.tag(b"copper")  # type: ignore[arg-type]
