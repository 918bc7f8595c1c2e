"""Tells by a file's first bytes what it is, where it is no picture that can be read: the one table of them."""

from __future__ import annotations

import re

BEGINNING_BYTES = 4096
HEIC = rb".{4}ftyp(?:hei[cxms]|hev[cx]|mif1|msf1)"
TIFF = re.compile(rb"II[*+]\0|MM\0[*+]")


def is_heic(beginning: bytes) -> bool:
    """Whether a file that begins so is a HEIC picture."""
    return re.match(HEIC, beginning, re.DOTALL) is not None


def is_tiff(beginning: bytes) -> bool:
    """Whether a file that begins so is, or calls itself, a TIFF."""
    return TIFF.match(beginning) is not None


def because(reason: str) -> str:
    """Marks a reason as a sentence that is shown, and translated."""
    return reason


VIDEO = because("It is a video, not a picture.")
PACKED = because("It is an archive, not a picture: unpack it first.")
# Tried in this order: (how a file begins, why it can't be read).
KINDS: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(beginning, re.DOTALL | re.IGNORECASE), reason)
    for beginning, reason in (
        (rb"\Z", because("It is empty.")),
        (rb"version https://git-lfs\.", because("It only points to the picture: fetch the files with `git lfs pull`.")),
        (HEIC, because("It is a HEIC picture, as iPhones take them: save it as JPEG, or install pi-heif.")),
        (rb".{128}DICM", because("It is a DICOM file: save it as 16-bit TIFF or PNG, with a DICOM viewer.")),
        (rb"ZISRAWFILE", because("It is a CZI file of a microscope: save it as TIFF, with ZEN or Fiji.")),
        (rb"\xda\xce\xbe\x0a", because("It is an ND2 file of a microscope: save it as TIFF, with Fiji.")),
        (rb"(\xef\xbb\xbf)?\s*(<\?xml.{,1000})?(<!--.{,1000})?(<!doctype svg.{,1000})?<svg[\s>]",
         because("It is an SVG drawing: save it as PNG.")),
        (rb"(\xef\xbb\xbf)?\s*(<!--.{,1000})?(<\?xml.{,200})?<(!doctype html|html|head|body)",
         because("It is a web page, not a picture: the download went wrong.")),
        (rb".{,1000}%PDF-", because("It is a PDF: save its pages as PNG.")),
        (rb".{4}ftyp(?!avi[fs])|RIFF.{4}AVI |\x1a\x45\xdf\xa3|\0\0\x01[\xb3\xba]|FLV\x01|.{4}moov|.{4}mdat", VIDEO),
        (rb"PK\x03\x04|PK\x05\x06|7z\xbc\xaf\x27\x1c|Rar!|\x1f\x8b|BZh|\xfd7zXZ", PACKED),
        (rb"8BPS", because("It is a Photoshop file: save it as PNG or TIFF.")),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", because("It is a JPEG XL picture: save it as PNG or JPEG.")),
        (rb"SIMPLE  =|\x89HDF|\x93NUMPY|.{344}n[+i]1\0",
         because("It is a file of numbers (FITS, HDF5, NumPy or NIfTI): save it as 16-bit or float TIFF.")),
        (rb"\0+\Z", because("It holds nothing but zeros: copy or download it again.")),
        (rb"\s*[\[{]\s*[\[{\"]|[\t\r\n -~]+\Z", because("It is a text, no picture.")),
    )
)  # fmt: skip


def what_instead(beginning: bytes) -> str:
    """Returns what a file is that no decoder knows, and what to do, as one plain sentence; "" where it can't be told.

    Args:
        beginning: its first `BEGINNING_BYTES` bytes, or as many as it has.
    """
    return next((reason for pattern, reason in KINDS if pattern.match(beginning)), "")
