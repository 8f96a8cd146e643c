"""Files of evidence on disk: whole or not there, only what was sent, and gone when forgotten."""

import errno
import os
from pathlib import Path

import pytest

from api.errors import EvidenceDamaged, FileTypeRefused, Unavailable
from api.evidence.chain import digest_of
from api.evidence.contents import checked, clean
from api.evidence.files import Files
from api.evidence.parts import Upload

ESCROW = "esc_" + "0" * 32


def test_the_same_file_again_is_the_same(tmp_path: Path) -> None:
    files = Files(tmp_path / "evidence")
    digest = files.keep(ESCROW, b"photo")
    assert files.keep(ESCROW, b"photo") == digest == digest_of(b"photo")
    assert files.read(ESCROW, digest) == b"photo"
    assert [file.name for file in (tmp_path / "evidence" / ESCROW).iterdir()] == [digest]


def test_a_disk_that_is_full_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unavailable, match="can't be stored"):
        Files(tmp_path).keep(ESCROW, b"photo")
    assert list((tmp_path / ESCROW).iterdir()) == []


def test_a_folder_that_is_none_is_no_bug_of_the_callers(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        Files(tmp_path / "file").keep(ESCROW, b"photo")


def test_what_is_not_what_was_sent_is_not_read(tmp_path: Path) -> None:
    files = Files(tmp_path)
    digest = files.keep(ESCROW, b"photo")
    (tmp_path / ESCROW / digest).write_bytes(b"other")
    with pytest.raises(EvidenceDamaged, match="not the one"):
        files.read(ESCROW, digest)
    with pytest.raises(EvidenceDamaged, match="missing"):
        files.read(ESCROW, "0" * 64)


def test_a_purchase_is_forgotten_with_what_crashes_left_and_no_other_is(tmp_path: Path) -> None:
    files, other = Files(tmp_path), "esc_" + "1" * 32
    files.keep(ESCROW, b"photo")
    (tmp_path / ESCROW / ".half").write_bytes(b"pho")
    digest = files.keep(other, b"photo")
    for _ in range(2):
        files.forget(ESCROW)
    assert not (tmp_path / ESCROW).exists()
    assert files.read(other, digest) == b"photo"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("photo.png", "photo.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\a.png", "a.png"),
        ("a\r\nSet-Cookie: b.png", "aSet-Cookie: b.png"),
        ("gnp.\u202ecod", "gnp.cod"),
        ("靴.png", "靴.png"),
        ("..", "file"),
        ("", "file"),
        ("a" * 300 + ".png", "a" * 146 + ".png"),
        ("\ud800.png", "png"),
    ],
)
def test_a_name_is_only_a_name(name: str, kept: str) -> None:
    assert clean(name) == kept


@pytest.mark.parametrize("content", [b"%PDF", b"RIFF\0\0\0\0WAVE", b"\xff\xd8", b"\x89PNG\n"])
def test_half_a_beginning_is_none(content: bytes) -> None:
    with pytest.raises(FileTypeRefused):
        checked(Upload("file", "a", "", content))
