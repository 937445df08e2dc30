"""Finds out in which encoding a text is, and decodes it."""

import codecs
from typing import Final

from finance.files.readers.lines import FileError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What is no text for people, whatever its encoding: archives (workbooks are), PDF, old workbooks.
_BINARY: Final = (b"PK\x03\x04", b"%PDF", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf")
_SAMPLE: Final = 4096
_FEW_ZEROS: Final = 0.2


def is_binary(beginning: bytes) -> bool:
    """Tell whether what begins so is an archive, a workbook, or no text either."""
    return beginning.startswith(_BINARY)


def decoded(body: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Return a text and its encoding: as given, or guessed.

    Without a mark at its beginning it is UTF-16 where every second byte is zero, UTF-8 where that
    fits, and else what banks of Russia write: Windows-1251.

    Raises:
        FileError: `file_not_text`, or `encoding_wrong` where the given one does not fit.
    """
    if is_binary(body):
        raise FileError("file_not_text")
    found = encoding or _guessed(body)
    try:
        text = body.decode(found)
    except UnicodeError:
        raise FileError("encoding_wrong" if encoding else "file_not_text") from None
    if "\0" in text:
        raise FileError("file_not_text")
    return text.removeprefix("\ufeff"), found.removesuffix("-sig").removesuffix("-le").removesuffix(
        "-be"
    )


def _guessed(body: bytes) -> str:
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return encoding
    for second, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        bytes_of_one = body[second:_SAMPLE:2]
        if bytes_of_one.count(0) > len(bytes_of_one) * _FEW_ZEROS:
            return encoding
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1251"
    return "utf-8"
