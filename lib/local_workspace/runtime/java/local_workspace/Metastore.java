package local_workspace;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.NoSuchFunctionException;
import org.apache.spark.sql.catalyst.catalog.CatalogDatabase;
import org.apache.spark.sql.catalyst.catalog.CatalogFunction;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;
import org.apache.spark.sql.catalyst.catalog.SQLFunction;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.List$;
import scala.jdk.javaapi.CollectionConverters;

/** The schemas, tables, views and SQL functions of Spark's metastore, as Unity Catalog describes them. */
final class Metastore {
  /** The property of a pipeline's table with its type in Unity Catalog: STREAMING_TABLE or MATERIALIZED_VIEW. */
  private static final String TYPE = "local_workspace.table_type";

  /** How the properties begin that this extension and the workspace's service keep. */
  static final String OWN = "local_workspace.";

  // Comments of the schema `default`, which the metastore makes.
  private static final String OF_HIVE = "Default Hive database";
  private static final String OF_UNITY = "Default schema (auto-created)";

  private static final List<String> OF_SPARK = List.of("view.", "spark.sql.", "transient_lastDdlTime", OWN);

  private final SparkSession session;
  private final ExternalCatalog catalog;
  private final WorkspaceCatalog tables;

  private Metastore(SparkSession session) {
    this.session = session;
    this.catalog = session.sessionState().catalog().externalCatalog();
    MetastoreChanges.count(catalog);
    this.tables = (WorkspaceCatalog) session.sessionState().catalogManager().catalog(CatalogSql.SPARK_CATALOG);
  }

  /** The metastore of the session that runs the present query. */
  static Metastore active() {
    return new Metastore((SparkSession) SparkSession.active());
  }

  /** The schema `name`, or all if it is null. */
  Stream<SchemaEntry> schemas(String name) {
    return names(name).map(catalog::getDatabase).map(Metastore::schema);
  }

  /** The tables and views, only those of `schema` and called `name` where these are not null. */
  Stream<Relation> relations(String schema, String name) {
    return names(schema).flatMap(
        in -> tables(in, name == null ? list(catalog.listTables(in)) : Stream.of(name)).map(this::relation));
  }

  /** The SQL functions, only those of `schema` and called `name` where these are not null. */
  Stream<Routine> routines(String schema, String name) {
    return names(schema).flatMap(
        in -> list(catalog.listFunctions(in, "*")).filter(each -> name == null || each.equals(name)).flatMap(each -> routine(in, each)));
  }

  /** A table or view as the metastore has it; empty if it has none of that name. */
  Optional<CatalogTable> stored(String schema, String name) {
    return catalog.databaseExists(schema) ? tables(schema, Stream.of(name)).findFirst() : Optional.empty();
  }

  /** Whether a Delta table is a pipeline's materialized view. */
  boolean isMaterializedView(String schema, String name) {
    return tables.loadTable(Identifier.of(new String[] {schema}, name)) instanceof DeltaTableV2 delta
        && typeInUnity(delta.initialSnapshot()).equals(Optional.of("MATERIALIZED_VIEW"));
  }

  /** The type of a pipeline's table; empty for another. */
  static Optional<String> typeInUnity(Snapshot snapshot) {
    return Optional.ofNullable(CollectionConverters.asJava(snapshot.metadata().configuration()).get(TYPE));
  }

  /** The properties of a Delta table that Unity Catalog shows, in their order. */
  static Map<String, String> properties(Snapshot snapshot) {
    Map<String, String> properties =
        new TreeMap<>(withoutOwn(CollectionConverters.asJava(snapshot.metadata().configuration())));
    properties.put("delta.minReaderVersion", String.valueOf(snapshot.protocol().minReaderVersion()));
    properties.put("delta.minWriterVersion", String.valueOf(snapshot.protocol().minWriterVersion()));
    Stream.of(snapshot.protocol().getReaderFeatures(), snapshot.protocol().getWriterFeatures())
        .filter(Objects::nonNull) // null for a table of a version without named features
        .forEach(features -> features.forEach(feature -> properties.put("delta.feature." + feature, "supported")));
    return properties;
  }

  private Stream<String> names(String wanted) {
    return list(catalog.listDatabases()).filter(name -> wanted == null || name.equals(wanted));
  }

  private static Stream<String> list(scala.collection.immutable.Seq<String> names) {
    return CollectionConverters.asJava(names).stream().sorted();
  }

  private static SchemaEntry schema(CatalogDatabase found) {
    Map<String, String> properties = CollectionConverters.asJava(found.properties());
    String comment = found.description().equals(OF_HIVE) ? OF_UNITY : found.description();
    Long created = time(properties, "created_at");
    Long updated = time(properties, "updated_at");
    return new SchemaEntry(
        found.name(), properties.getOrDefault(OWN + "comment", comment), found.locationUri().getPath(), properties.get(OWN + "owner"), created,
        updated == null ? created : updated);
  }

  private static Long time(Map<String, String> properties, String name) {
    String found = properties.get(OWN + name);
    return found == null ? null : Long.valueOf(found);
  }

  /** The tables of a schema with these names, without those that it lacks; all at once, since each call waits for others. */
  private Stream<CatalogTable> tables(String schema, Stream<String> names) {
    var wanted = List$.MODULE$.from(CollectionConverters.asScala(names.toList()));
    return CollectionConverters.asJava(catalog.getTablesByName(schema, wanted)).stream()
        .sorted(Comparator.comparing(found -> found.identifier().table()));
  }

  private Relation relation(CatalogTable stored) {
    Identifier name = Identifier.of(new String[] {stored.database()}, stored.identifier().table());
    boolean isDelta = stored.provider().exists(provider -> provider.equalsIgnoreCase("delta"));
    return isDelta && tables.loadCatalogTable(name, stored) instanceof DeltaTableV2 delta
        ? ofDelta(stored, delta.initialSnapshot())
        : ofMetastore(stored);
  }

  private static Relation ofDelta(CatalogTable stored, Snapshot snapshot) {
    Map<String, String> properties = properties(snapshot);
    properties.put("delta.lastUpdateVersion", String.valueOf(snapshot.version()));
    properties.put("delta.lastCommitTimestamp", String.valueOf(snapshot.timestamp()));
    List<String> partitions = CollectionConverters.asJava(snapshot.metadata().partitionColumns());
    return new Relation(
        stored.database(), stored.identifier().table(), typeInUnity(snapshot).orElse(stored.tableType().name()), "DELTA",
        location(stored), properties, null, snapshot.metadata().description(), stored.createTime(),
        Math.max(stored.createTime(), snapshot.timestamp()), snapshot.metadata().id(),
        Field.all(snapshot.metadata().schema(), partitions));
  }

  private static Relation ofMetastore(CatalogTable stored) {
    Map<String, String> kept = CollectionConverters.asJava(stored.properties());
    boolean isView = stored.tableType().equals(CatalogTableType.VIEW());
    long altered = Long.parseLong(kept.getOrDefault("transient_lastDdlTime", "0")) * 1000;
    List<String> partitions = CollectionConverters.asJava(stored.partitionColumnNames());
    return new Relation(
        stored.database(), stored.identifier().table(), stored.tableType().name(),
        isView ? null : stored.provider().getOrElse(() -> "hive").toUpperCase(), isView ? null : location(stored),
        new TreeMap<>(withoutOwn(kept)), isView ? named(orNull(stored.viewText())) : null, orNull(stored.comment()),
        stored.createTime(), Math.max(stored.createTime(), altered), null, Field.all(stored.schema(), partitions));
  }

  private Stream<Routine> routine(String schema, String name) {
    CatalogFunction stored;
    try {
      stored = catalog.getFunction(schema, name);
    } catch (Exception error) {
      if (error instanceof NoSuchFunctionException) { // dropped since the names were listed; Scala declares no exceptions
        return Stream.empty();
      }
      throw error;
    }
    if (!SQLFunction.isSQLFunction(stored.className())) {
      return Stream.empty();
    }
    FunctionIdentifier identifier = new FunctionIdentifier(name, Option.apply(schema));
    SQLFunction function = SQLFunction.fromCatalogFunction(
        stored.copy(identifier, stored.className(), stored.resources()), session.sessionState().sqlParser());
    StructType parameters = function.inputParam().getOrElse(StructType::new);
    boolean isTable = function.isTableFunc();
    Object reads = orNull(function.containsSQL());
    return Stream.of(new Routine(
        schema, name, Field.all(parameters, List.of()),
        isTable ? null : Field.of(new StructField("result", function.getScalarFuncReturnType(), true, org.apache.spark.sql.types.Metadata.empty()), 0, List.of()),
        isTable ? Field.all(function.getTableFuncReturnCols(), List.of()) : null,
        named(Optional.ofNullable(orNull(function.exprText())).orElseGet(() -> orNull(function.queryText()))),
        orNull(function.comment()), (Boolean) orNull(function.deterministic()), Boolean.FALSE.equals(reads),
        1000L * CreationTimes.ofFunction(catalog, schema, name)));
  }

  /** A stored text with the workspace's catalog where it says `spark_catalog`. */
  private static String named(String sql) {
    return sql == null ? null : CatalogSql.restore(sql, CatalogNames.catalog());
  }

  /** The folder of a table as a URI; null for what has none. */
  static String location(CatalogTable stored) {
    return stored.storage().locationUri().isDefined() ? stored.storage().locationUri().get().toString() : null;
  }

  private static Map<String, String> withoutOwn(Map<String, String> properties) {
    return properties.entrySet().stream()
        .filter(entry -> OF_SPARK.stream().noneMatch(entry.getKey()::startsWith))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static <T> T orNull(Option<T> value) {
    return value.isDefined() ? value.get() : null;
  }
}
