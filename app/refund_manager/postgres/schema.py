"""The app's own schemas: `refunds` beside the recommendations, `app` beside the complaints.

`queue` is the synced table taken apart into typed, indexed columns, because the synced table belongs to the sync and
holds JSON. The statements are in `sql/`; each repeats safely and keeps what is there.
"""

from pathlib import Path

from refund_manager.postgres.database import Schema

_SQL = Path(__file__).with_name("sql")


def _schema(name: str, *files: str) -> Schema:
    return Schema(name, "\n".join((_SQL / file).read_text(encoding="utf-8") for file in files))


REFUNDS = _schema("refunds", "refunds_tables.sql", "refunds_indexes.sql", "refunds_triggers.sql")
COMPLAINTS = _schema("app", "complaints.sql")
