"""Markdown of letters and documents as plain text, as HTML in which nothing can run, as a page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import escape

STYLE = """
@page { size: A4; margin: 22mm 20mm; }
body { font: 11pt/1.5 "Segoe UI", "Noto Sans", Arial, sans-serif; color: #1d2733;
  max-width: 46em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; line-height: 1.2; margin: 0 0 .8em; }
h2 { font-size: 1.15em; margin: 1.6em 0 .5em; }
table { border-collapse: collapse; width: 100%; margin: 1em 0; }
thead:not(:has(th:not(:empty))) { display: none; }
th, td { border-bottom: 1px solid #d5dbe1; padding: .4em .6em; text-align: left;
  vertical-align: top; }
@media print { body { margin: 0; max-width: none; padding: 0; } h2 { break-after: avoid; }
  tr, li { break-inside: avoid; } }
"""

_markdown = MarkdownIt("js-default", {"html": False, "linkify": False, "breaks": True})
_markdown.disable("image")


def html(markdown: str) -> str:
    """A fragment: raw HTML stays text, images are left out."""
    return str(_markdown.render(markdown))


def parsed(markdown: str) -> list[Token]:
    """The text's tokens, to be changed before `drawn`."""
    return _markdown.parse(markdown)


def drawn(tokens: list[Token]) -> str:
    """Tokens as the same HTML."""
    return str(_markdown.renderer.render(tokens, _markdown.options, {}))


def page(markdown: str, language: str) -> bytes:
    """A whole HTML file, styled for reading and for print; nothing is loaded from elsewhere."""
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(title(markdown))}</title>\n<style>{STYLE}</style>\n</head>\n"
        f"<body>\n{html(markdown)}</body>\n</html>\n"
    ).encode()


def title(markdown: str) -> str:
    """The text of the first heading, '' without one."""
    tokens = _markdown.parse(markdown)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open":
            return inline_text(content)
    return ""


def plain(markdown: str) -> str:
    """The text alone, for mail programs that show no HTML: tables become 'name: value'."""
    return "".join(_lines(_markdown.parse(markdown))).strip() + "\n"


def inline_text(token: Token) -> str:
    """The text of a paragraph, heading or cell; a link is followed by its address."""
    parts: list[str] = []
    target = ""
    for child in token.children or []:
        if child.type in {"softbreak", "hardbreak"}:
            parts.append("\n")
        elif child.type == "link_open":
            target = str(child.attrGet("href") or "")
        elif child.type == "link_close":
            parts.append(f" ({target})")
        else:
            parts.append(child.content)
    return "".join(parts)


def _lines(tokens: list[Token]) -> Iterator[str]:
    lists: list[int | None] = []
    cells: list[str] = []
    in_cell = False
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(
                None if token.type.startswith("bullet") else int(token.attrGet("start") or 1)
            )
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
            yield "" if lists else "\n"
        elif token.type == "list_item_open":
            number = lists[-1]
            yield "  " * (len(lists) - 1) + ("- " if number is None else f"{number}. ")
            lists[-1] = None if number is None else number + 1
        elif token.type == "tr_open":
            cells = []
        elif token.type in {"td_open", "th_open"}:
            in_cell = True
        elif token.type in {"td_close", "th_close"}:
            in_cell = False
        elif token.type == "tr_close" and any(cells):
            yield ": ".join(filter(None, cells)) + "\n"
        elif token.type == "table_close":
            yield "\n"
        elif token.type == "inline":
            if in_cell:
                cells.append(inline_text(token))
            else:
                yield inline_text(token)
        elif token.type == "hr":
            yield "---\n\n"
        elif token.type in {"fence", "code_block"}:
            yield f"{token.content}\n"
        elif token.type in {"paragraph_close", "heading_close"}:
            yield "\n" if token.hidden or lists else "\n\n"
