"""Call scripts as HTML in which branches and questions know their fields of the form."""

from __future__ import annotations

from markdown_it.token import Token

from broker_crm.definitions.script_branches import BRANCH
from broker_crm.outreach import paper

HOLDERS = frozenset({"list_item_open", "tr_open", "heading_open", "paragraph_open"})


def html(markdown: str) -> str:
    """A fragment: conditions become `data-when`, links to fields `data-field`."""
    tokens = paper.parsed(markdown)
    for index, token in enumerate(tokens):
        if token.type == "inline":
            _lead_to_fields(token)
            condition = _condition(token)
            if condition:
                _holder(tokens, index).attrSet("data-when", condition)
    return paper.drawn(tokens)


def _condition(token: Token) -> str | None:
    """The condition at the end of a text, which is taken away."""
    texts = [child for child in token.children or [] if child.type == "text"]
    match = BRANCH.search(texts[-1].content) if texts else None
    if match is None:
        return None
    texts[-1].content = texts[-1].content[: match.start()]
    return match[1].strip()


def _holder(tokens: list[Token], index: int) -> Token:
    """The item, row, heading or paragraph in which a text stands."""
    level = tokens[index].level
    for token in reversed(tokens[:index]):
        if token.level < level and token.type in HOLDERS:
            before = tokens[tokens.index(token) - 1] if token.type == "paragraph_open" else token
            return before if before.type == "list_item_open" else token
    return tokens[index - 1]


def _lead_to_fields(token: Token) -> None:
    for child in token.children or []:
        target = str(child.attrGet("href") or "") if child.type == "link_open" else ""
        if target.startswith("#") and target[1:]:
            child.attrSet("href", "#form")
            child.attrSet("data-field", target[1:])
