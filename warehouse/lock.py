"""The lock of everything that writes: build, fit, forget, restore."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from warehouse.errors import EXIT_LOCKED, UserError

LOCK = "build.lock"


@contextmanager
def build_lock(home: Path, now: datetime) -> Iterator[None]:
    """Exclusive for everything that writes. A second one exits 75 naming the holder (pid, host, start)."""
    path = home / LOCK
    lock = FileLock(path)
    holder = path.with_suffix(".holder")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = holder.read_text(encoding="utf-8").strip() if holder.exists() else "unknown"
        raise UserError(
            "another build is running", value=who, action="Wait for it to end", exit_code=EXIT_LOCKED
        ) from None
    try:
        text = f"pid {os.getpid()} on {socket.gethostname()} since {now:%Y-%m-%d %H:%M:%S}\n"
        holder.write_text(text, encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
