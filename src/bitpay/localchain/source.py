"""Reading just enough of Clarity source to find its constants."""

import re
from collections.abc import Iterator

_PART = re.compile(r';[^\n]*|u?"(?:\\.|[^"\\])*"|[()]|[^\s()";]+|\s+')
_CONSTANT = re.compile(r"\(\s*define-constant\s+([^\s()]+)")


def constants(source: str, name: str) -> list[str] | None:
    """Return the `define-constant` forms up to the one of `name`, None when there is none."""
    found = []
    for form in top_level(source):
        match = _CONSTANT.match(form)
        if match:
            found.append(form)
            if match[1] == name:
                return found
    return None


def top_level(source: str) -> Iterator[str]:
    """Yield the parenthesised forms of a contract, without its comments."""
    depth, form = 0, ""
    for part in _PART.findall(source):
        depth += (part == "(") - (part == ")")
        if depth or part == ")":
            form += " " if part.startswith(";") else part
        if depth == 0 and form:
            yield form
            form = ""
