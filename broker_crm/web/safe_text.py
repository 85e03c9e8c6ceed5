"""Markdown of letters, scripts and notes on a page: HTML in which nothing can run."""

from __future__ import annotations

from markupsafe import Markup

from broker_crm.outreach import paper, script_paper


def html(markdown: str) -> Markup:
    """Render; raw HTML stays text, images are left out."""
    return Markup(paper.html(markdown))  # noqa: S704


def script(markdown: str) -> Markup:
    """A call script; its branches and questions know their fields of the form."""
    return Markup(script_paper.html(markdown))  # noqa: S704
