"""Why a table can't be synced as it is."""


class SyncRefused(Exception):
    """The message names the table, the row or the column, and says what to do. The sync goes on once that is done."""
