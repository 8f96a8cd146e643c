"""One part of a `multipart/form-data` body (RFC 7578): a text, or a file with its name."""

from dataclasses import dataclass, field
from uuid import uuid4

#: As browsers write what would end the name (WHATWG, "multipart/form-data encoding").
ESCAPES = {ord('"'): "%22", ord("\r"): "%0D", ord("\n"): "%0A"}


@dataclass(frozen=True, slots=True)
class Form:
    """`filename` is "" for a text."""

    name: str
    content: bytes = field(repr=False)
    filename: str = field(default="", repr=False)

    def encoded(self) -> tuple[str, bytes]:
        """Its Content-Type, and the body. The boundary is random: no content has it inside."""
        boundary = uuid4().hex
        what = f'form-data; name="{self.name}"'
        kind = b""
        if self.filename:
            what += f'; filename="{self.filename.translate(ESCAPES)}"'
            kind = b"Content-Type: application/octet-stream\r\n"
        head = f"--{boundary}\r\nContent-Disposition: {what}\r\n".encode() + kind + b"\r\n"
        body = head + self.content + f"\r\n--{boundary}--\r\n".encode()
        return f"multipart/form-data; boundary={boundary}", body
