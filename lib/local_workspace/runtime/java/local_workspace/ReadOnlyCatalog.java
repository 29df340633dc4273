package local_workspace;

import java.util.Arrays;
import java.util.Map;
import org.apache.spark.sql.catalyst.analysis.NoSuchNamespaceException;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.NamespaceChange;
import org.apache.spark.sql.connector.catalog.SupportsNamespaces;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCatalog;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.expressions.Transform;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;

/** A catalog that nobody can change, with one schema of computed tables. */
abstract class ReadOnlyCatalog implements TableCatalog, SupportsNamespaces {
  private final String[] schema;
  private final String comment;
  private final Map<String, MetadataTable> tables; // by their names in lower case
  private String name;

  ReadOnlyCatalog(String schema, String comment, Map<String, MetadataTable> tables) {
    this.schema = new String[] {schema};
    this.comment = comment;
    this.tables = tables;
  }

  @Override
  public void initialize(String name, CaseInsensitiveStringMap options) {
    this.name = name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public String[][] listNamespaces() {
    return new String[][] {schema};
  }

  @Override
  public String[][] listNamespaces(String[] namespace) throws NoSuchNamespaceException {
    if (namespace.length == 0) {
      return listNamespaces();
    }
    loadNamespaceMetadata(namespace);
    return new String[0][];
  }

  @Override
  public Map<String, String> loadNamespaceMetadata(String[] namespace) throws NoSuchNamespaceException {
    if (!isSchema(namespace)) {
      throw new NoSuchNamespaceException(namespace);
    }
    return Map.of(SupportsNamespaces.PROP_COMMENT, comment, SupportsNamespaces.PROP_OWNER, "System user");
  }

  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    loadNamespaceMetadata(namespace);
    return tables.keySet().stream().map(table -> Identifier.of(schema, table)).toArray(Identifier[]::new);
  }

  @Override
  public boolean tableExists(Identifier table) {
    return isSchema(table.namespace()) && tables.containsKey(table.name().toLowerCase());
  }

  @Override
  public Table loadTable(Identifier table) throws NoSuchTableException {
    if (tableExists(table)) {
      return tables.get(table.name().toLowerCase());
    }
    throw new NoSuchTableException(table);
  }

  @Override
  public Table createTable(Identifier table, Column[] columns, Transform[] partitions, Map<String, String> properties) {
    throw readOnly();
  }

  @Override
  public Table alterTable(Identifier table, TableChange... changes) {
    throw readOnly();
  }

  @Override
  public boolean dropTable(Identifier table) {
    throw readOnly();
  }

  @Override
  public void renameTable(Identifier from, Identifier to) {
    throw readOnly();
  }

  @Override
  public void createNamespace(String[] namespace, Map<String, String> metadata) {
    throw readOnly();
  }

  @Override
  public void alterNamespace(String[] namespace, NamespaceChange... changes) {
    throw readOnly();
  }

  @Override
  public boolean dropNamespace(String[] namespace, boolean cascade) {
    throw readOnly();
  }

  /** Whether that is the one schema. */
  boolean isSchema(String[] namespace) {
    return namespace.length == 1 && Arrays.equals(schema, new String[] {namespace[0].toLowerCase()});
  }

  private UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException("The catalog '" + name + "' is read-only; name your own catalog.");
  }
}
