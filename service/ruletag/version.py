"""The engine's version: part of the digest, because an engine can change an answer."""

from typing import Final

VERSION: Final = "0.1.0"
