"""What may become evidence: words, and files of four kinds, known by how they begin."""

import re
from dataclasses import dataclass
from pathlib import PurePath

from api.errors import FileTooLarge, FileTypeRefused, Flaw, InvalidRequest
from api.evidence.chain import digest_of
from api.evidence.parts import Upload

LARGEST = 5 * 1024 * 1024
LONGEST_NAME = 150
LONGEST_STATEMENT = 4000
PLAIN = "text/plain"
#: Browsers that don't know better say this of any file.
UNSAID = ("", "application/octet-stream")
TAKEN = "PNG, JPEG and WebP pictures and PDF"

#: Lines and tabs are a statement's own; what turns the direction of writing can mislead.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Statement:
    text: str
    kind = "statement"
    media_type = PLAIN
    name = None

    @property
    def content(self) -> bytes:
        return self.text.encode()


@dataclass(frozen=True, slots=True)
class File:
    name: str
    media_type: str
    content: bytes
    kind = "file"
    text = None


Content = Statement | File


def named(content: Content) -> tuple[str, ...]:
    """What it is, for telling one request from another."""
    return content.kind, content.name or "", content.media_type, digest_of(content.content)


def words(said: str) -> Statement:
    """Raises InvalidRequest."""
    text = said.replace("\r\n", "\n").strip()
    if _CONTROL.search(text) or text.encode(errors="ignore").decode() != text:
        raise _unfit("must not contain control characters")
    if not 1 <= len(text) <= LONGEST_STATEMENT:
        raise _unfit(f"must have from 1 to {LONGEST_STATEMENT} characters")
    return Statement(text)


def _unfit(why: str) -> InvalidRequest:
    return InvalidRequest(f"the statement {why}", flaws=(Flaw(why, pointer="#/statement"),))


@dataclass(frozen=True, slots=True)
class Media:
    type: str
    beginning: re.Pattern[bytes]
    endings: tuple[str, ...]
    also: tuple[str, ...] = ()


MEDIA = (
    Media("image/png", re.compile(rb"\x89PNG\r\n\x1a\n"), (".png",)),
    Media("image/jpeg", re.compile(rb"\xff\xd8\xff"), (".jpg", ".jpeg"), ("image/jpg",)),
    Media("image/webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL), (".webp",)),
    Media("application/pdf", re.compile(rb"%PDF-\d\.\d"), (".pdf",), ("application/x-pdf",)),
)
ENDINGS = {PLAIN: ".txt"} | {media.type: media.endings[0] for media in MEDIA}
#: What a page's file chooser offers.
ACCEPTED = ",".join(media.type for media in MEDIA)


def checked(upload: Upload) -> File:
    """The file, if it is what its name and its sender say. Raises FileTooLarge, FileTypeRefused."""
    name, content = clean(upload.name), upload.content
    if len(content) > LARGEST:
        raise FileTooLarge(f"{name} has more than {LARGEST // 1024 // 1024} MB")
    for media in MEDIA:
        if media.beginning.match(content):
            _as_said(media, name, upload.declared.partition(";")[0].strip().lower())
            return File(name, media.type, content)
    raise FileTypeRefused(f"{name} is none of what can be sent: {TAKEN}")


def _as_said(media: Media, name: str, declared: str) -> None:
    if declared not in (*UNSAID, media.type, *media.also):
        raise FileTypeRefused(f"{name} is {media.type}, and was sent as something else")
    if PurePath(name).suffix.lower() not in ("", *media.endings):
        raise FileTypeRefused(f"{name} is {media.type}, and its name says something else")


def clean(name: str) -> str:
    """Its last part, without what could mislead whoever reads or saves it."""
    known = name.encode(errors="ignore").decode()
    kept = re.split(r"[/\\]", _UNSAFE.sub("", known))[-1].strip(" .")
    if len(kept) > LONGEST_NAME:
        ending = PurePath(kept).suffix[:10]
        kept = kept[: LONGEST_NAME - len(ending)] + ending
    return kept or "file"
