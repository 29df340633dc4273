"""Reading a table as a stream into an inbox: each row arrives exactly once."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def receive(rows: "DataFrame", inbox: str, checkpoint: str) -> None:
    """Append the new rows of the streaming frame `rows` to the table `inbox`, then return.

    The checkpoint (a directory) and Delta together ensure that each row is appended exactly once, also after a kill.
    """
    query = (
        rows.writeStream.option("checkpointLocation", checkpoint)
        .outputMode("append")
        .trigger(availableNow=True)
        .toTable(inbox)
    )
    query.awaitTermination()
