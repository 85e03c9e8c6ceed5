"""Files in and out: uploads, zip archives, a folder that git keeps."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

from broker_crm.definitions.bundle import form_id
from broker_crm.definitions.models import ResourceKind
from broker_crm.definitions.places import WORD_LOCK, FileKey, files_under, key_of, place_of
from broker_crm.engine.sentences import Sentence, said
from broker_crm.engine.xml import MAX_BYTES

MAX_ENTRIES = 1_000
MAX_UNPACKED = 40_000_000
"""Bytes."""
MAX_RATIO = 100
LARGEST = 5_000_000
"""Bytes of one file."""
OTHER_DIAGRAM_ENDINGS = (".bpmn20.xml", ".bpmn2")
"""How other tools end the names of diagrams."""


class UploadRefused(Exception):
    """The upload is refused as a whole.

    Attributes:
        sentence: why, and what to do.
    """

    def __init__(self, sentence: Sentence) -> None:
        super().__init__(sentence)
        self.sentence = sentence


@dataclass(frozen=True, slots=True)
class Arrived:
    """One file of an upload."""

    path: str
    key: FileKey | None
    """None when it is no file of the workspace."""
    content: bytes


def unpacked(uploads: Iterable[tuple[str, bytes]]) -> list[Arrived]:
    """The files of an upload; archives are opened.

    Args:
        uploads: file name and content of each.

    Raises:
        UploadRefused: an archive is broken, encrypted or too large.
    """
    found: list[Arrived] = []
    for name, content in uploads:
        if name.lower().endswith(".zip"):
            found.extend(_from_zip(content))
        else:
            found.append(_arrived(PurePosixPath(_base(name)), content))
    if len(found) > MAX_ENTRIES:
        raise UploadRefused(_too_large())
    return found


def packed(files: Mapping[FileKey, bytes]) -> bytes:
    """A zip archive with the files in the folder's layout."""
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packing:
        for key in sorted(files):
            entry = zipfile.ZipInfo(str(place_of(*key)), (2026, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            packing.writestr(entry, files[key])
    return archive.getvalue()


@dataclass(frozen=True, slots=True)
class CheckedOut:
    """What a checkout did, as paths under the folder."""

    written: list[str]
    differing: list[str]
    """Changed in the folder, so left as they are."""


def check_out(files: Mapping[FileKey, bytes], folder: Path, *, force: bool = False) -> CheckedOut:
    """Write files into a folder in the layout that is published from.

    Files of the folder with another content are left alone unless forced. A form that lies there
    under another name keeps that name. Nothing is removed.

    Args:
        files: by kind and name.
        folder: made when it is not there.
        force: overwrite what differs.
    """
    names = _names_of_forms(folder)
    written: list[str] = []
    differing: list[str] = []
    for key, content in sorted(files.items()):
        place = Path(names.get(key, str(place_of(*key))))
        path = folder / place
        if path.exists() and path.read_bytes() == content:
            continue
        if path.exists() and not force:
            differing.append(str(place))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(str(place))
    return CheckedOut(written, differing)


def _names_of_forms(folder: Path) -> dict[FileKey, str]:
    found: dict[FileKey, str] = {}
    for key, content in files_under(folder).items():
        if key[0] is ResourceKind.FORM:
            try:
                found[ResourceKind.FORM, form_id(content)] = str(place_of(*key))
            except ValueError:
                continue
    return found


def _from_zip(content: bytes) -> Iterator[Arrived]:
    try:
        archive = zipfile.ZipFile(BytesIO(content))
        entries = [each for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise UploadRefused(said("The archive can't be read. Pack it again as a zip.")) from error
    declared = sum(each.file_size for each in entries)
    if len(entries) > MAX_ENTRIES or declared > MAX_UNPACKED:
        raise UploadRefused(_too_large())
    left = MAX_UNPACKED
    for entry in entries:
        if entry.flag_bits & 1:
            raise UploadRefused(said("The archive is encrypted. Pack it without a password."))
        if entry.file_size > MAX_RATIO * max(entry.compress_size, 1) + MAX_BYTES:
            raise UploadRefused(_too_large())
        path = PurePosixPath(entry.filename.replace("\\", "/"))
        if path.name.startswith((WORD_LOCK, ".")) or "__MACOSX" in path.parts:
            continue
        try:
            with archive.open(entry) as file:
                read = file.read(min(left, LARGEST) + 1)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, EOFError) as error:
            sentence = said("The archive can't be read. Pack it again as a zip.")
            raise UploadRefused(sentence) from error
        left -= len(read)
        if left < 0:
            raise UploadRefused(_too_large())
        yield _arrived(path, read)


def _too_large() -> Sentence:
    return said(
        "The archive is too large: at most %(files)s files and %(megabytes)s MB unpacked.",
        files=MAX_ENTRIES,
        megabytes=MAX_UNPACKED // 1_000_000,
    )


def _base(name: str) -> str:
    return PurePosixPath(name.replace("\\", "/")).name


def _arrived(path: PurePosixPath, content: bytes) -> Arrived:
    key = _key(path, content)
    if key is not None and key[0] is ResourceKind.FORM:
        try:
            key = (ResourceKind.FORM, form_id(content))
        except ValueError:
            key = (ResourceKind.FORM, path.stem)
    return Arrived(str(path), key, content)


def _key(path: PurePosixPath, content: bytes) -> FileKey | None:
    """By the last two folders, as in `bpmn/` and `forms/letters/`; else by ending and content."""
    for depth in (3, 2):
        if len(path.parts) >= depth:
            key = key_of(PurePosixPath(*path.parts[-depth:]))
            if key is not None:
                return key
    name = path.name
    if path.suffix == ".bpmn":
        return ResourceKind.DIAGRAM, name
    for ending in OTHER_DIAGRAM_ENDINGS:
        if name.endswith(ending):
            return ResourceKind.DIAGRAM, f"{name.removesuffix(ending)}.bpmn"
    if path.suffix == ".dmn":
        return ResourceKind.DECISION, name
    if path.suffix == ".form":
        return ResourceKind.FORM, path.stem
    if path.suffix == ".docx":
        return ResourceKind.DOCUMENT, path.stem
    if path.suffix == ".po":
        return ResourceKind.TRANSLATION, path.stem
    if path.suffix == ".md":
        is_letter = content.lstrip(b"\xef\xbb\xbf").startswith(b"Subject: ")
        return (ResourceKind.LETTER if is_letter else ResourceKind.SCRIPT), path.stem
    return None
