"""All that an installation keeps, in one file: made while the app works, looked over before anything is put back."""

from nxcc.backup.checking import unpack
from nxcc.backup.making import copy_ledgers, make
from nxcc.backup.manifest import BackupError, Manifest
from nxcc.backup.restoring import put_back

__all__ = ["BackupError", "Manifest", "copy_ledgers", "make", "put_back", "unpack"]
