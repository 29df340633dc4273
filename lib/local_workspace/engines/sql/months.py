"""Arrow tables whose intervals of months pyarrow can read."""

import pyarrow as pa

_MONTHS = 21  # the id of Arrow's type of intervals of months, for which pyarrow has no class


def with_months_as_integers(table: pa.Table) -> pa.Table:
    """The same rows, with every interval of months, also in nested values, as the 32-bit integer that it is."""
    fields = [pa.field(field.name, _readable(field.type)) for field in table.schema]
    schema = pa.schema(fields)
    if [field.type for field in fields] == table.schema.types:
        return table
    # A message holds buffers without their types: those of the integers lie just the same.
    batches = [pa.ipc.read_record_batch(batch.serialize(), schema) for batch in table.to_batches()]
    return pa.Table.from_batches(batches, schema)


def _readable(kind: pa.DataType) -> pa.DataType:
    if kind.id == _MONTHS:
        return pa.int32()
    if pa.types.is_map(kind):
        return pa.map_(_readable(kind.key_type), _readable(kind.item_type))
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_readable(kind.value_type)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_readable(field.type)) for field in kind])
    return kind
