"""What each code of a problem means: the passages of ``docs/problems.md``.

The package carries that page by a link, as it carries the rules, so that the
page, ``check --explain`` and the reports for other tools cannot differ.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Final

from ruletag.cli.terminal import BOLD, paint
from ruletag.problems import nearest

_PAGE: Final = Path(__file__).resolve().parent.parent / "problems.md"
_HEADING: Final = re.compile(r"^## ([EW]\d{3}) (.+)\n", re.MULTILINE)
_CHAPTER: Final = re.compile(r"^## ", re.MULTILINE)  # a heading that is of no code
_EXAMPLE: Final = re.compile(r"^```yaml\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LINK: Final = re.compile(r"\[([^\]\n]+)\]\([^)\n]+\)")


class UnknownCodeError(ValueError):
    """There is no such code; the message names the nearest one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What a code means; ``passage`` is Markdown, a bad example standing before a good one."""

    code: str
    title: str
    passage: str

    @property
    def summary(self) -> str:
        """The first paragraph, in one line."""
        return " ".join(self.passage.partition("\n\n")[0].split())

    def shown(self, *, colour: bool = False) -> str:
        """Give the passage as plain text below its title."""
        heading = paint(f"{self.code} {self.title}", BOLD if colour else "")
        return "\n\n".join([heading, *self._pieces()])

    def _pieces(self) -> Iterator[str]:
        # What a pattern with one group splits is text, example, text, example, text.
        texts, examples = (_EXAMPLE.split(self.passage)[i::2] for i in (0, 1))
        captions = cycle(("bad:", "good:"))
        for i, text in enumerate(texts):
            if text.strip():
                yield text.strip()
            if i < len(examples):
                yield f"{next(captions)}\n\n{textwrap.indent(examples[i].rstrip(), '    ')}"


def explanations() -> Mapping[str, Explanation]:
    """Give the explanation of each code."""
    page = _LINK.sub(r"\1", _PAGE.read_text(encoding="utf-8"))
    _, *parts = _HEADING.split(page)
    return {
        code: Explanation(code, title.strip(), _CHAPTER.split(passage)[0].strip())
        for code, title, passage in zip(parts[::3], parts[1::3], parts[2::3], strict=True)
    }


def explained(codes: Iterable[str]) -> list[Explanation]:
    """Give the explanations of these codes, in any case. Raises `UnknownCodeError`."""
    known = explanations()
    for code in codes:
        if code.upper() not in known:
            hint = nearest(code, known) or "`ruletag check --explain` lists them"
            raise UnknownCodeError(f"there is no code `{code}`; {hint}")
    return [known[code] for code in dict.fromkeys(code.upper() for code in codes)]
