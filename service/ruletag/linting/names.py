"""The short name of each warning, by which ``# allow: name`` silences it."""

from typing import Final

NAMES: Final = {
    "W501": "duplicate",
    "W502": "shadowed",
    "W503": "dead",
    "W504": "idle-exception",
    "W505": "inflected",
    "W506": "homograph",
    "W507": "short",
    "W508": "confusable",
    "W509": "invisible",
    "W510": "untested",
    "W511": "review",
    "W512": "korean-beginning",
    "W513": "yaml",
    "W514": "unused-list",
    "W515": "count-of-one",
    "W516": "one-group",
    "W517": "zero-weight",
    "W518": "unreachable",
    "W519": "comment",
    "W520": "idle-mark",
    "W521": "long",
    "W522": "decimal",
    "W523": "idle-ignore",
    "W524": "off-reference",
    "W525": "deprecated-reference",
    "W526": "folded",
    "W527": "unknown-allow",
    "W528": "idle-allow",
    "W529": "operator",
    "W530": "list-name",
    "W531": "comma",
}
CODE_OF: Final = {name: code for code, name in NAMES.items()}
