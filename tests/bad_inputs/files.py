"""Rule files that are wrong, odd or hostile, and what is said of each."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

MEBIBYTE: Final = 2**20
ZINC: Final = b"categories: {x: [zinc]}\n"


def keywords(*written: str) -> bytes:
    """Give a rule file of one category."""
    return "\n    - ".join(("categories:\n  x:", *written, "")).removesuffix("- ").encode()


def _bomb(first: str, following: str) -> bytes:
    """Give nine lines, each of which names the one before nine times."""
    lines = [f"  a: &a {first}\n"]
    for i in range(9):
        inner = ", ".join([f"*{chr(97 + i)}"] * 9)
        lines.append(f"  {chr(98 + i)}: &{chr(98 + i)} {following % inner}\n")
    return ("lists:\n" + "".join(lines) + "categories: {x: [*j]}\n").encode()


LIST: Final = "lists: {l: {file: %s}}\ncategories: {x: [$l]}\n"

# name, content of x.yaml, where the first problem is and its code
REFUSED: Final[list[tuple[str, bytes, str]]] = [
    ("an unclosed bracket", b"categories: {x: [zinc", "x.yaml:1:17 E101"),
    ("a tab as indent", b"categories:\n\tx: [zinc]\n", "x.yaml:2:1 E101"),
    ("NUL", b"categories: {x: [zi\0nc]}\n", "x.yaml:1:20 E103"),
    ("a Latin-1 byte", b"categories: {x: [caf\xe9]}\n", "x.yaml:1:21 E102"),
    ("UTF-16", ZINC.decode().encode("utf-16"), "x.yaml:1:1 E102"),
    ("UTF-16 without a mark", ZINC.decode().encode("utf-16-le"), "x.yaml:1:1 E102"),
    ("UTF-32", ZINC.decode().encode("utf-32"), "x.yaml:1:1 E102"),
    ("half a surrogate pair", b'categories: {x: ["\\ud800"]}\n', "x.yaml:1:21 E101"),
    ("nothing", b"", "x.yaml:1:1 E111"),
    ("text as the root", b"zinc\n", "x.yaml:1:1 E203"),
    ("a list as the root", b"- zinc\n", "x.yaml:1:1 E203"),
    ("two documents", ZINC + b"---\ncategories: {y: [tin]}\n", "x.yaml:2:1 E107"),
    ("a key twice", b"categories:\n  x: [zinc]\n  x: [tin]\n", "x.yaml:3:3 E104"),
    ("a category of another file", b"categories: {metals: [zinc]}\n", "x.yaml:1:14 E401"),
    ("`~` alone", keywords("~"), "x.yaml:3:7 E204"),
    ("null as keyword", keywords("null"), "x.yaml:3:7 E204"),
    ("a blank keyword", keywords('" "'), "x.yaml:3:7 E204"),
    ("an empty keyword", keywords('""'), "x.yaml:3:7 E204"),
    ("a list as keyword", keywords("[zinc, tin]"), "x.yaml:3:7 E203"),
    ("a map as keyword", keywords("{zinc: tin}"), "x.yaml:3:8 E201"),
    ("a map that looks like a sentence", keywords("Ore: zinc"), "x.yaml:3:7 E203"),
    ("an unknown field", b"categories:\n  x:\n    mach: [zinc]\n", "x.yaml:3:5 E201"),
    ("an alias bomb", _bomb("[zinc, tin]", "[%s]"), "x.yaml:2:6 E105"),
    ("a merge bomb", _bomb("{zinc: 1}", "{<<: [%s]}"), "x.yaml:2:6 E105"),
    ("an alias of itself", b"categories: &a {x: *a}\n", "x.yaml:1:13 E105"),
    (
        "a call of Python",
        keywords("!!python/object/apply:os.system [id]"),
        "x.yaml:3:7 E106",
    ),
    ("100,000 brackets", b"categories: " + b"[" * 100_000, "x.yaml:1:1012 E108"),
    ("100,000 braces", b"categories: " + b"{a: " * 100_000, "x.yaml:1:73 E108"),
    ("100,000 dashes", b"categories:\n" + b"- " * 100_000, "x.yaml:2:31 E108"),
    ("a keyword of 257 characters", keywords("a" * 257), "x.yaml:3:7 E302"),
    ("a keyword of a million characters", keywords("a" * 1_000_000), "x.yaml:3:7 E302"),
    ("one keyword with too many forms", keywords(" ".join(["organize~"] * 12)), "x.yaml:3:7 E308"),
    ("9 MiB", ZINC + b"#" * (9 * MEBIBYTE), "x.yaml E109"),
    ("a list file above the folder", (LIST % "../../etc/passwd").encode(), "x.yaml:1:19 E110"),
    ("a list file by an absolute path", (LIST % "/etc/passwd").encode(), "x.yaml:1:19 E110"),
    ("a list file that is missing", (LIST % "nowhere.txt").encode(), "x.yaml:1:19 E110"),
    ("a list file that leads out", (LIST % "out.txt").encode(), "x.yaml:1:19 E110"),
    ("half a file", b'categories:\n  x:\n    - zinc\n    - "ti', "x.yaml:4:7 E101"),
    ("half a key", b"categories:\n  x:\n    matc", "x.yaml:3:5 E203"),
]

# name of a list file, what is wrong with it, its content, where that is and its code
LISTS: Final[list[tuple[str, str, bytes, str]]] = [
    ("l.txt", "a Latin-1 byte", b"caf\xe9\n", "l.txt:1:4 E102"),
    ("l.txt", "NUL", b"zi\0nc\n", "l.txt:1:3 E103"),
    ("l.txt", "UTF-16", "zinc\n".encode("utf-16"), "l.txt:1:1 E102"),
    ("l.txt", "nothing", b"", "l.txt:1:1 E111"),
    ("l.txt", "blank lines", b"\n\n \n", "l.txt:1:1 E111"),
    ("l.txt", "one line of 5 MB", b"a" * 5_000_000, "l.txt:1:1 E302"),
    ("l.txt", "20,000 lines too long", b"\n".join([b"a" * 300] * 20_000), "l.txt:1:1 E302"),
    ("l.csv", "an unclosed quotation mark", b'id,word\n1,"zinc\n', "l.csv:2:1 E112"),
    ("l.csv", "a cell of 300 KB", b"id,word\n1," + b"a" * 300_000, "l.csv:2:1 E112"),
    ("l.csv", "a column named twice", b"word,word\nzinc,tin\n", "l.csv:1:1 E112"),
    ("l.csv", "a row of more cells than names", b"id,word\n1,Reno, Nevada\n", "l.csv:2:1 E112"),
    ("l.csv", "NUL in a cell", b"id,word\n1,zi\0nc\n", "l.csv:2:5 E103"),
]

LITERAL: Final = ("no", "on", "012", "1e3", "12:30:45", "2020-01-22")
LONG: Final = "a" * 200 + " b"

# name, content of x.yaml, a text, what is found in it
ACCEPTED: Final[list[tuple[str, bytes, str, list[str]]]] = [
    ("a byte order mark", b"\xef\xbb\xbf" + ZINC, "zinc", ["zinc"]),
    ("a keyword twice", keywords("zinc", "zinc"), "zinc", ["zinc"]),
    ("CR LF", ZINC.replace(b"\n", b"\r\n"), "zinc", ["zinc"]),
    *((f"`{word}` as keyword", keywords(word), f"a {word} b", [word]) for word in LITERAL),
    ("a keyword of 256 characters", keywords("a" * 256), "a" * 256, ["a" * 256]),
    ("many letters before another", keywords(LONG), "a" * 100_000 + " " + LONG, [LONG]),
    (
        "many words before another",
        keywords("a " * 100 + "b"),
        "a " * 50_000 + "b",
        ["a " * 100 + "b"],
    ),
    ("8 MiB", ZINC + b"#" * (8 * MEBIBYTE - len(ZINC)), "zinc", ["zinc"]),
    ("half a file that is whole by itself", ZINC + b"# cut sho", "zinc", ["zinc"]),
]


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as bound:
        before = Path.cwd()
        os.chdir(path.parent)  # the name of a socket may have 107 bytes
        try:
            bound.bind(path.name)
        finally:
            os.chdir(before)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _out(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def _itself(path: Path) -> None:
    path.symlink_to(path.name)


# name, what makes x.yaml, a part of what is said
NO_FILES: Final[list[tuple[str, Callable[[Path], None], str]]] = [
    ("a pipe", _pipe, "a pipe, socket or device"),
    ("a folder", Path.mkdir, "a folder, not a file"),
    ("a socket", _socket, "a pipe, socket or device"),
    ("a device", _device, "the link leads out of the rule folder"),
    ("a link out", _out, "the link leads out of the rule folder"),
    ("a dangling link", _nowhere, "the link leads nowhere"),
    ("a link to itself", _itself, "too many levels of symbolic links"),
]

# What editors and copies leave beside a file; none of them counts.
PASSED_OVER: Final = (
    ".x.yaml.swp", ".#x.yaml", "#x.yaml#", "x.yaml~", "x.yaml.tmp", "x.yaml.bak", "x.yaml.orig",
    "x.yaml.rej", "4913", ".x.yaml.Xa3fQ2", "x.yaml.swx", ".goutputstream-AB12CD", "x.yaml.part",
    "x.yaml.dpkg-new", "___jb_tmp___", "___jb_old___",
)  # fmt: skip
