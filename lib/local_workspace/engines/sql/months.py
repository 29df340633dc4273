"""Arrow tables with intervals of months in a form that pyarrow can read."""

import pyarrow as pa

_MONTHS = 21  # Arrow's type id of month intervals, for which pyarrow has no class


def with_months_as_integers(table: pa.Table) -> pa.Table:
    """The same rows, with every interval of months, also in nested values, as a 32-bit integer."""
    fields = [pa.field(field.name, _readable(field.type)) for field in table.schema]
    schema = pa.schema(fields)
    if [field.type for field in fields] == table.schema.types:
        return table
    # An IPC message holds buffers without types, and month intervals have the same layout as 32-bit integers.
    batches = [pa.ipc.read_record_batch(batch.serialize(), schema) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, schema)


def _readable(kind: pa.DataType) -> pa.DataType:
    if kind.id == _MONTHS:
        return pa.int32()
    if pa.types.is_map(kind):
        parts = _readable(kind.key_type), _readable(kind.item_type)
        # Arrow makes no map of VOID, which map() is, but has one that it has read.
        return kind if parts == (kind.key_type, kind.item_type) else pa.map_(*parts)
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_readable(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_readable(field.type)) for field in kind])
    return kind
