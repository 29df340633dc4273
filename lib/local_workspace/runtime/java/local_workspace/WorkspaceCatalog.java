package local_workspace;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.V1Table;
import org.apache.spark.sql.delta.DeltaTableUtils;
import org.apache.spark.sql.delta.catalog.DeltaCatalog;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.catalyst.analysis.NamespaceAlreadyExistsException;
import org.apache.spark.sql.catalyst.analysis.NonEmptyNamespaceException;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;

/**
 * Delta Lake's catalog with two more schemas, whose tables are computed when they are read: `information_schema`, and
 * `local_workspace` for the workspace's own service, which is not listed.
 */
public final class WorkspaceCatalog extends DeltaCatalog {
  private static boolean isInformationSchema(String... namespace) {
    return namespace.length == 1 && namespace[0].equalsIgnoreCase(InformationSchema.NAME);
  }

  private static MetadataTable computed(Identifier table) {
    String[] namespace = table.namespace();
    if (namespace.length != 1) {
      return null;
    }
    String name = table.name().toLowerCase();
    return switch (namespace[0].toLowerCase()) {
      case InformationSchema.NAME -> InformationSchema.TABLES.get(name);
      case ServiceTables.NAME -> ServiceTables.TABLES.get(name);
      default -> null;
    };
  }

  @Override
  public Table loadTable(Identifier name) {
    Table table = computed(name);
    if (table != null) {
      return table;
    }
    KnownTables known = KnownTables.active();
    CatalogTable described = known.get(name);
    if (described != null) {
      return DeltaTableUtils.isDeltaTable(described) ? loadCatalogTable(name, described) : new V1Table(described);
    }
    long before = known.changes();
    Table loaded = super.loadTable(name);
    if (loaded instanceof DeltaTableV2 delta && delta.catalogTable().isDefined()) { // a path has none
      known.keep(name, delta.catalogTable().get(), before);
    } else if (loaded.getClass() == V1Table.class) {
      known.keep(name, ((V1Table) loaded).v1Table(), before);
    }
    return loaded;
  }

  @Override
  public boolean tableExists(Identifier name) {
    return computed(name) != null || super.tableExists(name);
  }

  @Override
  public boolean dropTable(Identifier name) {
    refuseInformationSchema(name.namespace());
    return super.dropTable(name);
  }

  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    if (!isInformationSchema(namespace)) {
      return super.listTables(namespace);
    }
    return InformationSchema.TABLES.keySet().stream().map(name -> Identifier.of(namespace, name)).toArray(Identifier[]::new);
  }

  @Override
  public String[][] listNamespaces() throws NoSuchNamespaceException {
    Stream<String[]> own = Stream.<String[]>of(new String[] {InformationSchema.NAME});
    return Stream.concat(Stream.of(super.listNamespaces()), own).toArray(String[][]::new);
  }

  @Override
  public String[][] listNamespaces(String[] namespace) throws NoSuchNamespaceException {
    if (namespace.length == 0) {
      return listNamespaces();
    }
    return isInformationSchema(namespace) ? new String[0][] : super.listNamespaces(namespace);
  }

  @Override
  public boolean namespaceExists(String[] namespace) {
    return isInformationSchema(namespace) || super.namespaceExists(namespace);
  }

  @Override
  public Map<String, String> loadNamespaceMetadata(String[] namespace) throws NoSuchNamespaceException {
    if (isInformationSchema(namespace)) {
      return Map.of(SupportsNamespaces.PROP_COMMENT, InformationSchema.COMMENT, SupportsNamespaces.PROP_OWNER, "System user");
    }
    Map<String, String> found = new HashMap<>(super.loadNamespaceMetadata(namespace));
    for (String name : List.of(SupportsNamespaces.PROP_COMMENT, SupportsNamespaces.PROP_OWNER)) {
      found.put(name, found.getOrDefault(Metastore.OWN + name, found.getOrDefault(name, "")));
    }
    found.keySet().removeIf(name -> name.startsWith(Metastore.OWN));
    return found;
  }

  @Override
  public void createNamespace(String[] namespace, Map<String, String> properties) throws NamespaceAlreadyExistsException {
    Map<String, String> kept = new HashMap<>(properties);
    kept.put(Metastore.OWN + "created_at", String.valueOf(System.currentTimeMillis())); // Hive keeps no times of schemas
    kept.put(Metastore.OWN + SupportsNamespaces.PROP_OWNER, Notes.read().user());
    super.createNamespace(namespace, kept);
  }

  @Override
  public void alterNamespace(String[] namespace, NamespaceChange... changes) throws NoSuchNamespaceException {
    refuseInformationSchema(namespace);
    NamespaceChange time = NamespaceChange.setProperty(Metastore.OWN + "updated_at", String.valueOf(System.currentTimeMillis()));
    Stream<NamespaceChange> kept = Stream.of(changes).map(WorkspaceCatalog::kept);
    super.alterNamespace(namespace, Stream.concat(kept, Stream.of(time)).toArray(NamespaceChange[]::new));
  }

  /** The change as Hive can keep it: it takes no new comment of a schema, but any property. */
  private static NamespaceChange kept(NamespaceChange change) {
    boolean isComment =
        change instanceof NamespaceChange.SetProperty set && set.property().equals(SupportsNamespaces.PROP_COMMENT);
    return isComment ? NamespaceChange.setProperty(Metastore.OWN + "comment", ((NamespaceChange.SetProperty) change).value()) : change;
  }

  @Override
  public boolean dropNamespace(String[] namespace, boolean cascade)
      throws NoSuchNamespaceException, NonEmptyNamespaceException {
    refuseInformationSchema(namespace);
    Notes.read().filesOf(namespace[0]).findFirst().ifPresent(file -> {
      throw new UnsupportedOperationException(String.format(
          "Schema '%1$s' holds '%2$s', a volume or model, which SQL doesn't remove on a local workspace: delete the schema "
              + "with w.schemas.delete('%3$s.%1$s', force=True).",
          namespace[0], file, CatalogNames.catalog()));
    });
    return super.dropNamespace(namespace, cascade);
  }

  private static void refuseInformationSchema(String[] namespace) {
    if (isInformationSchema(namespace)) {
      throw new UnsupportedOperationException("The schema 'information_schema' is read-only; name another schema.");
    }
  }
}
