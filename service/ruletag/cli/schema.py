"""``ruletag schema``: the JSON Schema of rule files, for editors."""

import json

import click

from ruletag.rules.schema import rule_file_schema


@click.command(
    epilog="""\b
Example:
  ruletag schema > rules/rule-file.schema.json

\b
The first line of each rule file then names it, relative to that file:
  # yaml-language-server: $schema=rule-file.schema.json
""",
)
def schema() -> None:
    """Print the JSON Schema of rule files, for editors.

    With it an editor offers the keys, explains them, and marks what is wrong
    while a rule is written. Misplaced marks and names that nobody defined it
    cannot see: `ruletag check` does.
    """
    click.echo(json.dumps(rule_file_schema(), ensure_ascii=False, indent=2))
