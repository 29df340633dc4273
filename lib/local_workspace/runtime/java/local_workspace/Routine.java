package local_workspace;

import java.util.List;

/** A SQL function; `returns` has the result's type, or null where `return_columns` has those of a table. */
record Routine(
    String schema,
    String name,
    List<Field> parameters,
    Field returns,
    List<Field> return_columns,
    String definition,
    String comment,
    Boolean is_deterministic,
    boolean reads_data,
    long created_at) {}
