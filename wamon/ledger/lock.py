"""One writer per database: a lock beside the file that dies with its process and says who holds it."""

import fcntl
import os
from pathlib import Path

from wamon.ledger.failures import LedgerError


class WriterLock:
    """Held from construction to `release`. The kernel drops it when the process ends, however it ends.

    Raises LedgerError when another process holds it, or when the folder takes no file.
    """

    def __init__(self, database: Path) -> None:
        try:
            self._file = os.open(f"{database}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as failure:
            raise LedgerError(
                f"{database}: its lock file {database.name}.lock cannot be opened ({failure.strerror}): "
                "run wamon as the user who owns the folder, and check that the folder may be written"
            ) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 64, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise LedgerError(
                f"{database}: process {holder} is writing to it, and there is one writer at a time: "
                "speak to the running daemon, or stop it first"
            ) from None
        keep_owner(Path(f"{database}.lock"), database)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let the next writer in. The file stays: removing it would race with whoever waits."""
        os.close(self._file)


def keep_owner(path: Path, like: Path) -> None:
    """Give a new file to the owner of another one, where that needs doing and may be done (root)."""
    if os.geteuid() != 0:
        return
    try:
        owner = like.stat()
    except FileNotFoundError:
        owner = like.parent.stat()
    os.chown(path, owner.st_uid, owner.st_gid)
