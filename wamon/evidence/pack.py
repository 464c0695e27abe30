"""The pack as bytes: one zip in which nothing depends on when or where it was made."""

import io
import zipfile
from collections.abc import Mapping

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first instant a zip can tell: every member carries it."""

_UNIX, _READABLE = 3, 0o100644 << 16


def packed(members: Mapping[str, bytes], folder: str) -> bytes:
    """The members in one folder, by name, each at the same instant and with the same rights."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sorted(members.items()):
            entry = zipfile.ZipInfo(f"{folder}/{name}", _EPOCH)
            entry.compress_type, entry.create_system, entry.external_attr = zipfile.ZIP_DEFLATED, _UNIX, _READABLE
            archive.writestr(entry, content)
    return whole.getvalue()
