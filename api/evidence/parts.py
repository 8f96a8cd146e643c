"""The parts of a form that may carry files. Read only after it is known who sends it."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from api.errors import Flaw, InvalidRequest, NotAForm

MOST_FIELDS = 10
LONGEST_FIELD = 32 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it came: nothing about it is known to be true."""

    field: str
    name: str
    declared: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Parts:
    """A form's fields, the last of each name, and its files in their order."""

    fields: Mapping[str, str]
    files: tuple[Upload, ...]


async def parts(request: Request, *, most_files: int) -> Parts:
    """Raises NotAForm, InvalidRequest; HTTPException 413 for a body that is too large."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise NotAForm
    fields: dict[str, str] = {}
    files: list[Upload] = []
    try:
        async with request.form(
            max_files=most_files, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD
        ) as form:
            for name, part in form.multi_items():
                if not isinstance(part, UploadFile):
                    fields[name] = part
                # A browser sends an empty one for a chooser that nothing was chosen in.
                elif part.filename or part.size:
                    declared = part.content_type or ""
                    files.append(Upload(name, part.filename or "", declared, await part.read()))
    except HTTPException as broken:
        if broken.status_code != HTTPStatus.BAD_REQUEST:
            raise
        why = f"not a form that can be read: {broken.detail}"
        raise InvalidRequest(why, flaws=(Flaw(why, pointer="#"),)) from broken
    return Parts(fields, tuple(files))
