"""What a manager reads on the page of a question."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from lxml import html

_NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True)
class Row:
    """A row of the table.

    Attributes:
        name: in its first column.
        n: how many cases or steps it stands on.
        few: whether it is grey.
        cells: heading to what is written.
        interval: of its figure, as it is written.
    """

    name: str
    n: int
    few: bool
    cells: dict[str, str]
    interval: str

    def figure(self, heading: str) -> float:
        """A cell's number."""
        return number(self.cells[heading])

    def covers(self, planted: float) -> bool:
        """Does the interval, in percent, have the planted share in it?"""
        low, high = map(float, _NUMBER.findall(self.interval.replace("–", " ")))
        return low <= 100 * planted <= high


@dataclass(frozen=True)
class Read:
    """An answer as its page tells it.

    Attributes:
        figure: the large one; '' where there is none.
        few: whether it is grey, and said to be of few cases.
        sentence: the answer's own.
        rest: what is told beside it.
        rows: of the table, in their order.
        advice: first answers to how it could be mended.
    """

    figure: str
    few: bool
    interval: str
    sentence: str
    rest: str
    rows: list[Row] = field(default_factory=list)
    advice: list[str] = field(default_factory=list)

    def row(self, name: str) -> Row:
        """The row of a name."""
        [found] = [each for each in self.rows if each.name == name]
        return found


def read(page: str) -> Read:
    """The page of one question.

    Args:
        page: HTML.
    """
    root = html.fromstring(page)
    return Read(
        figure=_text(root, '//p[contains(@class, "answer-figure")]'),
        few=bool(root.xpath('//p[contains(@class, "answer-figure") and contains(@class, "few")]'))
        and "few cases" in _text(root, '//section[contains(@class, "answer")]//b[@class="few"]'),
        interval=_text(root, '//p[contains(@class, "answer-figure")]/following-sibling::p[1]'),
        sentence=_text(root, '//p[@class="answer-main"]'),
        rest=" ".join(
            plain(each.text_content())
            for each in root.xpath('//p[@class="answer-main"]/following-sibling::p')
        ),
        rows=[_row(each) for each in root.xpath('//section[@id="rows"]//tbody/tr')],
        advice=[plain(each.text_content()) for each in root.xpath('//ol[@class="advice"]/li')],
    )


def number(text: str) -> float:
    """The first number in a text written in English."""
    found = _NUMBER.search(text)
    assert found is not None, text
    return float(found[0].replace(",", "").replace("−", "-"))


def _row(line: Any) -> Row:
    cells = {each.get("data-label"): plain(each.text_content()) for each in line.xpath("./td")[1:]}
    return Row(
        name=_text(line, './td[@class="lead"]/a[@class="strong-link"] | ./td[@class="lead"]/b'),
        n=round(number(_text(line, './td[@class="number"][1]'))),
        few="few" in (line.get("class") or ""),
        cells=cells,
        interval=_text(line, './/svg[@class="interval"]/following-sibling::span'),
    )


def _text(root: Any, path: str) -> str:
    found = root.xpath(path)
    return plain(found[0].text_content()) if found else ""


def plain(text: str) -> str:
    """With single, ordinary spaces."""
    return " ".join(text.replace("\u00a0", " ").split())
