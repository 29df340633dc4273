"""The schemas that the app owns: `refunds` in the refund database, `app` in the complaints' database.

`queue` copies the synced table into typed, indexed columns, because only the sync may change the synced table, which
holds JSON. The statements are in `sql/`; each can be repeated safely and keeps existing data.
"""

from pathlib import Path

from refund_manager.postgres.database import Schema

_SQL = Path(__file__).with_name("sql")


def _schema(name: str, *files: str) -> Schema:
    return Schema(name, "\n".join((_SQL / file).read_text(encoding="utf-8") for file in files))


REFUNDS = _schema("refunds", "refunds_tables.sql", "refunds_indexes.sql", "refunds_triggers.sql")
COMPLAINTS = _schema("app", "complaints.sql")
