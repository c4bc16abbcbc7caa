"""Outsiders' text at an operator's terminal: shown as it is, and never obeyed.

Memos, descriptions and names are whatever somebody wrote into a contract. Characters that move the cursor, colour or
reorder what stands beside them, or that no terminal can show, are written as escapes.
"""

import json
import re

from rich.text import Text

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
"""Control characters, marks of direction, characters without a shape, halves of a character."""
_UNSEEN_IN_JSON = re.compile(f"(?!\n){_UNSEEN.pattern}")


def escaped(text: str) -> str:
    r"""Return the text with escapes like `\x1b` in the place of characters that a terminal obeys or cannot show."""
    return _UNSEEN.sub(lambda found: found[0].encode("unicode_escape", "surrogatepass").decode(), text)


def escaped_json(document: str) -> str:
    """Return JSON that reads the same, with JSON's own escapes for those characters; line ends between stay."""
    return _UNSEEN_IN_JSON.sub(lambda found: json.dumps(found[0])[1:-1], document)


def plain(text: str) -> Text:
    """Return the text for a table or a line: no markup in it counts."""
    return Text(escaped(text))
