package local_workspace;

import java.util.List;
import java.util.Map;

/** A table or view. Times are milliseconds since 1970; `type` is a word of Unity Catalog; `view_text` null for a table. */
record Relation(
    String schema,
    String name,
    String type,
    String format,
    String location,
    Map<String, String> properties,
    String view_text,
    String comment,
    long created_at,
    long updated_at,
    String id,
    List<Field> columns) {}
