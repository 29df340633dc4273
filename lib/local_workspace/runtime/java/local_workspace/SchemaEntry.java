package local_workspace;

/** A schema; times in milliseconds since 1970. Owner and times are null for one that Spark made itself, `default`. */
record SchemaEntry(String name, String comment, String location, String owner, Long created_at, Long updated_at) {}
