"""Zipped files, opened in memory so that no archive can fill it.

Nothing is written to disk, whatever a member is called. Sizes that an archive states are not
believed: a member is read to its limit and not further.
"""

import lzma
import struct
import zipfile
import zlib
from dataclasses import dataclass
from io import BytesIO

from banks.files.errors import EmptyFile, MalformedFile, Repeated, TooLarge, UnsafeFile

MAGIC = b"PK\x03\x04"
#: What banks use. The others are slow, or take memory by what the file says.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
#: All that zipfile raises at an archive that is broken or lies.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, NotImplementedError,
    RuntimeError, OSError, ValueError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """What is opened at most; `size` is of all members together, opened."""

    packed: int = 16 * 1024 * 1024
    size: int = 64 * 1024 * 1024
    members: int = 20


ARCHIVE_LIMITS = ArchiveLimits()


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    data: bytes


def members(data: bytes, limits: ArchiveLimits = ARCHIVE_LIMITS) -> tuple[Member, ...]:
    """The files in a zip archive, folders left out; names that are not UTF-8 are read as GBK.

    Raises UnsafeFile, TooLarge, MalformedFile, Repeated, EmptyFile.
    """
    if len(data) > limits.packed:
        raise TooLarge(f"{len(data)} bytes, {limits.packed} are opened at most", "archive")
    try:
        with zipfile.ZipFile(BytesIO(data), metadata_encoding="gb18030") as archive:
            found = [one for one in archive.infolist() if not one.is_dir()]
            _check(found, limits)
            return _open(archive, found, limits.size)
    except _BROKEN as error:
        raise MalformedFile(f"no zip archive that can be read: {error}", "archive") from error


def _check(found: list[zipfile.ZipInfo], limits: ArchiveLimits) -> None:
    if not found:
        raise EmptyFile("no file in it", "archive")
    if len(found) > limits.members:
        raise TooLarge(f"{len(found)} files, {limits.members} are opened at most", "archive")
    if len({one.filename for one in found}) < len(found):
        raise Repeated("two files of one name", "archive")
    for one in found:
        if one.flag_bits & 0x1:
            raise UnsafeFile("locked with a password", one.filename)
        if one.compress_type not in _METHODS:
            raise UnsafeFile("not packed as zip's own way", one.filename)


def _open(archive: zipfile.ZipFile, found: list[zipfile.ZipInfo], limit: int) -> tuple[Member, ...]:
    opened: list[Member] = []
    left = limit
    for one in found:
        with archive.open(one) as member:
            data = member.read(left + 1)
        left -= len(data)
        if left < 0:
            raise TooLarge(f"more than {limit} bytes when it is opened", one.filename)
        opened.append(Member(one.filename, data))
    return tuple(opened)
