"""Files of evidence on disk, each under the SHA-256 of its content, in a folder per purchase.

Outside of everything that is served. A file is whole and synced under its name before the row
that speaks of it is committed: a crash in between leaves a file that nobody speaks of.
"""

import contextlib
import os
import secrets
import shutil
from pathlib import Path

from api.errors import EvidenceDamaged, Unavailable
from api.evidence.chain import digest_of

RETRY_AFTER = 5


class Files:
    """`folder` is made when the first file comes. All calls block: they belong into a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, escrow_id: str, content: bytes) -> str:
        """The digest that it is kept under; the same file again is the same. Raises Unavailable."""
        digest = digest_of(content)
        try:
            self._write(self._folder / escrow_id, digest, content)
        except OSError as full:
            raise Unavailable(
                "the file can't be stored at the moment", retry_after=RETRY_AFTER
            ) from full
        return digest

    def read(self, escrow_id: str, digest: str) -> bytes:
        """Raises EvidenceDamaged when it is gone, or is not what was sent."""
        try:
            content = (self._folder / escrow_id / digest).read_bytes()
        except OSError as gone:
            raise EvidenceDamaged("the file is missing in our storage") from gone
        if digest_of(content) != digest:
            raise EvidenceDamaged("the file in our storage is not the one that was sent")
        return content

    def forget(self, escrow_id: str) -> None:
        """Remove everything of this purchase, and what crashes left of it."""
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self._folder / escrow_id)

    def _write(self, folder: Path, digest: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        new = folder / f".{digest}.{secrets.token_hex(8)}"
        try:
            with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            new.rename(folder / digest)
        except OSError:
            new.unlink(missing_ok=True)
            raise
        for changed in (folder, self._folder):
            _sync(changed)


def _sync(folder: Path) -> None:
    """A new name is only safe once its folder is on the disk."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
