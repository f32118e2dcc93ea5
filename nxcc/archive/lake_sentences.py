"""What the engine or PostgreSQL says of a team's archive, as a sentence with its cure.

Their words may hold the database's address with its password: they are looked at, and go no further.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from nxcc.errors import ArchiveAway, ArchiveError
from nxcc.team.place import Team

_AWAY = re.compile(
    r"connection to server|server closed the connection|no connection to the server|connection refused"
    r"|connection (has been )?(closed by|reset|lost|timed out)|terminating (connection|background)|broken pipe"
    r"|could not connect|unable to connect|could not (receive|send) data|timeout expired|could not translate host name"
    r"|the database system is|ssl (syscall|error|connection)|recovery mode|too many clients|connection slots",
    re.IGNORECASE,
)
_REFUSED = re.compile(
    r"authentication failed|no pg_hba.conf entry|password supplied|(role|user|database) \S* does not exist"
    r"|permission denied|certificate",
    re.IGNORECASE,
)
_OVERTAKEN = re.compile(
    r"conflict|duplicate key|could not serialize|deadlock|relation \S+ does not exist|transaction is aborted"
    r"|failed to find table",
    re.IGNORECASE,
)
_NOT_THERE = re.compile(r"cannot open file|no such file|could not open|404", re.IGNORECASE)


class Overtaken(ArchiveError):
    """Another process changed the archive in the same moment; the same work, done anew, goes well."""


def away(team: Team) -> ArchiveAway:
    """What is said while the database does not answer."""
    return ArchiveAway(
        f"The team's database ({team.host}) does not answer.",
        cure="Work goes on by itself when it is back. Check the network and PostgreSQL; what was kept is safe.",
    )


class Broken(Overtaken):
    """The engine has given up, as it does when it finds what cannot be (a table flushed under its eyes): another one
    goes on."""


def overtaken(team: Team) -> Overtaken:
    """What is said when others were there first, again and again."""
    return Overtaken(f"Other processes of the team are changing the archive ({team.host}).", cure="Try again.")


def refused(team: Team, error: Exception) -> ArchiveError | None:
    """When the database is there and does not let us in, which no waiting mends."""
    if not _REFUSED.search(str(error)):
        return None
    return ArchiveError(
        f"The team's database ({team.host}) does not let nxcc in, or not do what it has to.",
        cure="Check user, password and name of the database in NXCC_DATABASE_URL, and that the user owns the database.",
    )


def busy(team: Team) -> ArchiveAway:
    """What is said when somebody else's turn takes long."""
    return ArchiveAway(
        f"Another process of the team is rewriting its archive ({team.host}).",
        cure="Work goes on by itself when it has ended.",
    )


@contextmanager
def lake_sentences(team: Team) -> Iterator[None]:
    """Turns what the engine or the disk says into an `ArchiveError`: `ArchiveAway` and `Overtaken` may pass."""
    try:
        yield
    except (duckdb.Error, OSError) as error:
        raise _as_sentence(team, error) from None


def may_pass(team: Team, error: Exception) -> ArchiveError | None:
    """`ArchiveAway` or `Overtaken`, if it is one of them."""
    if refused(team, error):
        return None
    if isinstance(error, duckdb.InternalException | duckdb.FatalException):
        return Broken(f"The archive's engine ({team.host}) has to begin anew.", cure="Try again.")
    said = str(error)
    if _AWAY.search(said):
        return away(team)
    if isinstance(error, duckdb.TransactionException) or _OVERTAKEN.search(said):
        return overtaken(team)
    if isinstance(error, duckdb.IOException) and _NOT_THERE.search(said):  # others may have merged it into another one
        return Overtaken(
            f"A file of the lake ({team.lake_path}) is not there.",
            cure="Try again; if it stays, check that this machine reaches the folder of NXCC_LAKE_PATH.",
        )
    return None


def _as_sentence(team: Team, error: Exception) -> ArchiveError:
    said = str(error)
    if "No space left" in said or "out of disk" in said.lower():
        return ArchiveError(
            f"The disk of the lake or of this machine is full ({team.lake_path}).",
            cure="Everything kept before is safe. Free some space and ask again.",
        )
    if isinstance(error, duckdb.Error) and (known := refused(team, error) or may_pass(team, error)):
        return known
    if isinstance(error, OSError | duckdb.IOException | duckdb.PermissionException):
        return ArchiveError(
            f"The archive in the lake ({team.lake_path}) cannot be opened or written.",
            cure="Check that this machine reaches the folder of NXCC_LAKE_PATH and may write to it.",
        )
    return ArchiveError(
        f"The team's archive ({team.host}) failed ({type(error).__name__}).",
        cure="Everything kept before is safe. Ask again; if it stays, report it.",
    )
