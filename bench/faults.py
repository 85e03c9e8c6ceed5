"""Copies of the product's own files with faults in them, such as a slip of the hand leaves behind.

Any element or attribute may be deleted, doubled, renamed, or led to something else of its kind.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

from lxml import etree

from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import FileKey, files_under

MOST_FAULTS = 3
SPOILT = (ResourceKind.DIAGRAM, ResourceKind.DECISION, ResourceKind.FORM)
ODD_TEXTS = ("", " ", "=", "=1/0", "=a.b.c", "=[", "ė" * 300, "-1", "P1D", "R/PT0S", "${x}", "{{")
ODD_VALUES: tuple[Any, ...] = ("", "=", None, True, -1, 1e300, [], {}, [None], "ė" * 300)

Fault = Callable[[etree._Element, random.Random], None]


def faulty_copies(
    root: Path, count: int, seed: int
) -> Iterator[tuple[str, FileKey, dict[FileKey, bytes]]]:
    """So many copies, the kinds of files in turn.

    Args:
        root: the folder that holds `bpmn/` and `forms/`.
        count: how many.
        seed: the same seed makes the same copies.

    Yields:
        a name that tells file and number, which file is spoilt, and all files that are checked: it,
        and what it may refer to.
    """
    chance = random.Random(seed)
    files = files_under(root)
    by_kind = {kind: sorted(key for key in files if key[0] is kind) for kind in SPOILT}
    weighted = [SPOILT[0], SPOILT[0], *SPOILT]
    for number in range(count):
        key = chance.choice(by_kind[weighted[number % len(weighted)]])
        content = spoilt(key[0], files[key], chance)
        others = {
            other: text
            for other, text in files.items()
            if other[0] is not ResourceKind.DIAGRAM
            or (key[0] is ResourceKind.FORM and other[1] == _user_of(key[1], files))
        }
        yield f"{key[1]} #{number}", key, {**others, key: content}


def spoilt(kind: ResourceKind, content: bytes, chance: random.Random) -> bytes:
    """The file with one to three faults.

    Raises:
        ValueError: the content is no XML or JSON, so that there is nothing to spoil in it.
    """
    try:
        return (_spoilt_form if kind is ResourceKind.FORM else _spoilt_xml)(content, chance)
    except (etree.LxmlError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _user_of(form: str, files: dict[FileKey, bytes]) -> str | None:
    """A diagram that names the form, so that the form is read at all."""
    named = f'formId="{form}"'.encode()
    for kind, name in sorted(files):
        if kind is ResourceKind.DIAGRAM and named in files[kind, name]:
            return name
    return None


def _spoilt_xml(content: bytes, chance: random.Random) -> bytes:
    tree = etree.fromstring(content)
    for _ in range(chance.randint(1, MOST_FAULTS)):
        chance.choice(FAULTS)(tree, chance)
    return etree.tostring(tree, xml_declaration=True, encoding="UTF-8")


def _some(tree: etree._Element, chance: random.Random) -> etree._Element:
    """An element that is not the root; of the model rather than of the drawing."""
    elements = [each for each in tree.iterdescendants() if isinstance(each.tag, str)]
    model = [each for each in elements if "/DI" not in each.tag and "/DD/" not in each.tag]
    return chance.choice(model if model and chance.random() < 0.9 else elements or [tree])


def _delete(tree: etree._Element, chance: random.Random) -> None:
    element = _some(tree, chance)
    if element.getparent() is not None:
        element.getparent().remove(element)


def _double(tree: etree._Element, chance: random.Random) -> None:
    element = _some(tree, chance)
    if element.getparent() is not None:
        element.addnext(deepcopy(element))


def _rename(tree: etree._Element, chance: random.Random) -> None:
    element, other = _some(tree, chance), _some(tree, chance)
    element.tag = other.tag


def _move(tree: etree._Element, chance: random.Random) -> None:
    element, target = _some(tree, chance), _some(tree, chance)
    if element is not target and element not in target.iterancestors():
        target.append(element)


def _delete_attribute(tree: etree._Element, chance: random.Random) -> None:
    element = _some(tree, chance)
    if element.attrib:
        del element.attrib[chance.choice(sorted(element.attrib))]


def _retarget(tree: etree._Element, chance: random.Random) -> None:
    """An attribute gets the value of another of its name, or of any id."""
    element = _some(tree, chance)
    if not element.attrib:
        return
    name = chance.choice(sorted(element.attrib))
    wanted = name if chance.random() < 0.6 else "id"
    values = sorted({each.get(wanted) for each in tree.iter() if each.get(wanted) is not None})
    if values:
        element.set(name, chance.choice(values))


def _odd_value(tree: etree._Element, chance: random.Random) -> None:
    element = _some(tree, chance)
    if element.attrib and chance.random() < 0.7:
        element.set(chance.choice(sorted(element.attrib)), chance.choice(ODD_TEXTS))
    else:
        element.text = chance.choice(ODD_TEXTS)


FAULTS: tuple[Fault, ...] = (
    _delete,
    _double,
    _rename,
    _move,
    _delete_attribute,
    _retarget,
    _odd_value,
)


def _spoilt_form(content: bytes, chance: random.Random) -> bytes:
    form = json.loads(content)
    for _ in range(chance.randint(1, MOST_FAULTS)):
        _spoil_part(chance.choice(list(_parts(form))), chance)
    return json.dumps(form, ensure_ascii=False).encode()


def _parts(value: Any) -> Iterator[Any]:
    """All objects and lists of a form that hold something."""
    if isinstance(value, dict | list) and value:
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _parts(inner)


def _spoil_part(part: Any, chance: random.Random) -> None:
    places = sorted(part) if isinstance(part, dict) else range(len(part))
    place, other = chance.choice(places), chance.choice(places)
    match chance.randrange(4):
        case 0:
            del part[place]
        case 1:
            part[place] = deepcopy(part[other])
        case 2 if isinstance(part, list):
            part.append(deepcopy(part[place]))
        case _:
            part[place] = chance.choice(ODD_VALUES)
