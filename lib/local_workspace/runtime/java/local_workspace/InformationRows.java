package local_workspace;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/** The rows of the tables of {@link InformationSchema}. */
final class InformationRows {
  private static final String OF_SYSTEM = "System user"; // Databricks' owner of information_schema and what is in it
  private static final Object[] NO_TYPE = new Object[9];

  private InformationRows() {}

  static Stream<Object[]> catalogs(Map<String, String> wanted) {
    Notes.Entry held = Notes.read().catalog();
    return held == null ? Stream.empty() : Stream.<Object[]>of(row(held.name(), held.owner(), held.comment(), changes(held)));
  }

  static Stream<Object[]> schemata(Map<String, String> wanted) {
    Notes notes = Notes.read();
    Stream<Object[]> stored = Metastore.active().schemas(wanted.get("schema_name")).map(schema -> {
      long created = schema.created_at() == null ? created(notes) : schema.created_at();
      String owner = schema.owner() == null ? notes.user() : schema.owner();
      long updated = schema.updated_at() == null ? created : schema.updated_at();
      return row(catalog(), schema.name(), owner, schema.comment(), changes(created, notes.user(), updated, notes.user()));
    });
    Object[] own = row(
        catalog(), InformationSchema.NAME, OF_SYSTEM, InformationSchema.COMMENT,
        changes(created(notes), OF_SYSTEM, created(notes), OF_SYSTEM));
    return Stream.concat(stored, Stream.<Object[]>of(own));
  }

  static Stream<Object[]> tables(Map<String, String> wanted) {
    Notes notes = Notes.read();
    Stream<Object[]> stored = relations(wanted).map(relation -> row(
        catalog(), relation.schema(), relation.name(), relation.type(), yes(isWritable(relation)), "PRESERVE",
        notes.owner("table", fullName(relation), relation.created_at()), relation.comment(),
        changes(relation.created_at(), notes.user(), relation.updated_at(), notes.user()),
        relation.format() == null ? "UNKNOWN_DATA_SOURCE_FORMAT" : relation.format(), relation.location(), null));
    Stream<Object[]> own = InformationSchema.TABLES.keySet().stream().map(name -> row(
        catalog(), InformationSchema.NAME, name, "VIEW", "NO", "PRESERVE", OF_SYSTEM, null,
        changes(created(notes), OF_SYSTEM, created(notes), OF_SYSTEM), "UNKNOWN_DATA_SOURCE_FORMAT", null, null));
    return Stream.concat(stored, own);
  }

  static Stream<Object[]> columns(Map<String, String> wanted) {
    Stream<Object[]> stored = relations(wanted).flatMap(relation -> relation.columns().stream().map(
        column -> column(relation.schema(), relation.name(), column, isWritable(relation))));
    Stream<Object[]> own = InformationSchema.TABLES.entrySet().stream().flatMap(
        table -> Field.all(table.getValue().schema(), List.of()).stream().map(
            column -> column(InformationSchema.NAME, table.getKey(), column, false)));
    return Stream.concat(stored, own);
  }

  private static Object[] column(String schema, String table, Field column, boolean isUpdatable) {
    return row(
        catalog(), schema, table, column.name(), column.position() + 1, column.default_value(), yes(column.nullable()),
        column.type_text(), column.type_name(), type(column), "NO", null, null, null, null, null, null, "NO", null, "NO",
        "NO", null, yes(isUpdatable), column.partition_index() == null ? null : column.partition_index() + 1,
        column.comment());
  }

  static Stream<Object[]> views(Map<String, String> wanted) {
    return relations(wanted).filter(relation -> relation.view_text() != null).map(view -> row(
        catalog(), view.schema(), view.name(), view.view_text(), "NONE", "NO", "NO", null));
  }

  static Stream<Object[]> routines(Map<String, String> wanted) {
    Notes notes = Notes.read();
    return Metastore.active().routines(wanted.get("routine_schema"), wanted.get("routine_name")).map(routine -> {
      Field returns = routine.returns();
      return row(
          catalog(), routine.schema(), routine.name(), catalog(), routine.schema(), routine.name(), "FUNCTION",
          returns == null ? "TABLE" : returns.type_name(), returns == null ? "TABLE" : returns.type_text(),
          returns == null ? NO_TYPE : type(returns), "SQL", routine.definition(), null, null, "S",
          yes(Boolean.TRUE.equals(routine.is_deterministic())), routine.reads_data() ? "READS SQL DATA" : "CONTAINS SQL", null,
          null, "DEFINER", "NO", routine.comment(),
          changes(routine.created_at(), notes.user(), routine.created_at(), notes.user()));
    });
  }

  static Stream<Object[]> parameters(Map<String, String> wanted) {
    return specific(wanted).flatMap(routine -> routine.parameters().stream().map(parameter -> row(
        catalog(), routine.schema(), routine.name(), parameter.position() + 1, "IN", "NO", "NO", parameter.name(),
        parameter.type_name(), parameter.type_text(), type(parameter), parameter.default_value(), parameter.comment())));
  }

  static Stream<Object[]> routineColumns(Map<String, String> wanted) {
    return specific(wanted).filter(routine -> routine.return_columns() != null).flatMap(
        routine -> routine.return_columns().stream().map(column -> row(
            catalog(), routine.schema(), routine.name(), column.position() + 1, column.name(), column.type_name(),
            column.type_text(), type(column), column.comment())));
  }

  static Stream<Object[]> volumes(Map<String, String> wanted) {
    return Notes.read().volumes().stream().map(volume -> row(
        catalog(), volume.schema_name(), volume.name(), volume.volume_type(), volume.owner(), volume.comment(),
        changes(volume), volume.storage_location()));
  }

  static Stream<Object[]> privileges(String kind) {
    Notes notes = Notes.read();
    List<Notes.Grant> grants = notes.grants().stream().filter(grant -> grant.kind().equals(kind)).toList();
    Map<String, Long> created = grants.isEmpty() ? Map.of() : created(kind, notes);
    return grants.stream().filter(grant -> Objects.equals(created.get(grant.full_name()), grant.created_at())).map(
        grant -> row(notes.user(), grant.principal(), grant.full_name().split("\\."), grant.privilege(), "NO", "NONE"));
  }

  /** When each thing of a kind was made, by its full name: what is made again later has none of the grants. */
  private static Map<String, Long> created(String kind, Notes notes) {
    Map<String, Long> times = new HashMap<>();
    switch (kind) {
      case "catalog" -> times.put(catalog(), created(notes));
      case "schema" -> Metastore.active().schemas(null).forEach(schema -> times.put(
          catalog() + "." + schema.name(), schema.created_at() == null ? created(notes) : schema.created_at()));
      case "table" -> Metastore.active().relations(null, null).forEach(
          relation -> times.put(fullName(relation), relation.created_at()));
      case "volume" -> notes.volumes().forEach(
          volume -> times.put(String.join(".", catalog(), volume.schema_name(), volume.name()), volume.created_at()));
      case "function" -> Metastore.active().routines(null, null).forEach(
          routine -> times.put(String.join(".", catalog(), routine.schema(), routine.name()), routine.created_at()));
      default -> throw new IllegalArgumentException(kind);
    }
    return times;
  }

  private static Stream<Relation> relations(Map<String, String> wanted) {
    return Metastore.active().relations(wanted.get("table_schema"), wanted.get("table_name"));
  }

  private static Stream<Routine> specific(Map<String, String> wanted) {
    return Metastore.active().routines(wanted.get("specific_schema"), wanted.get("specific_name"));
  }

  private static boolean isWritable(Relation relation) {
    return relation.type().equals("MANAGED") || relation.type().equals("EXTERNAL");
  }

  private static String catalog() {
    return CatalogNames.catalog();
  }

  private static String fullName(Relation relation) {
    return String.join(".", catalog(), relation.schema(), relation.name());
  }

  private static String yes(boolean value) {
    return value ? "YES" : "NO";
  }

  private static long created(Notes notes) {
    return notes.catalog() == null ? 0 : notes.catalog().created_at();
  }

  private static Object[] changes(Notes.Entry entry) {
    return changes(entry.created_at(), entry.created_by(), entry.updated_at(), entry.updated_by());
  }

  private static Object[] changes(long created, String createdBy, long altered, String alteredBy) {
    return new Object[] {created * 1000, createdBy, altered * 1000, alteredBy};
  }

  /** The nine columns that describe a type further. */
  private static Object[] type(Field field) {
    Integer precision = field.type_precision();
    Integer radix = 10;
    Integer scale = field.type_scale();
    Integer ofTime = null;
    if (precision == null) {
      precision = bits(field.type_name());
      radix = precision == null ? null : 2;
      scale = precision == null || field.type_name().matches("FLOAT|DOUBLE") ? null : 0;
      ofTime = ofTime(field);
    }
    return new Object[] {null, null, precision, radix, scale, ofTime, field.type_interval_type(), null, null};
  }

  private static Integer bits(String type) {
    return switch (type) {
      case "BYTE" -> 8;
      case "SHORT" -> 16;
      case "INT" -> 32;
      case "LONG" -> 64;
      case "FLOAT" -> 24;
      case "DOUBLE" -> 53;
      default -> null;
    };
  }

  private static Integer ofTime(Field field) {
    return switch (field.type_name()) {
      case "DATE" -> 0;
      case "TIMESTAMP", "TIMESTAMP_NTZ" -> 3;
      case "INTERVAL" -> field.type_interval_type().endsWith("SECOND") ? 3 : 0;
      default -> null;
    };
  }

  /** One row of `values`, in which an array stands for several values. */
  private static Object[] row(Object... values) {
    List<Object> all = new ArrayList<>();
    for (Object value : values) {
      if (value instanceof Object[] several) {
        all.addAll(java.util.Arrays.asList(several));
      } else {
        all.add(value);
      }
    }
    return all.toArray();
  }
}
