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

/**
 * The read-only catalog `samples`, which every Databricks workspace has. Of its tables there is `nyctaxi.trips`, with
 * invented rows (see {@link SampleTrips}).
 */
public final class SamplesCatalog implements TableCatalog, SupportsNamespaces {
  private static final String[] SCHEMA = {"nyctaxi"};
  private static final String TRIPS = "trips";

  private String name;

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
    return new String[][] {SCHEMA};
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
    return Map.of(SupportsNamespaces.PROP_COMMENT, "Invented taxi rides", SupportsNamespaces.PROP_OWNER, "System user");
  }

  @Override
  public Identifier[] listTables(String[] namespace) throws NoSuchNamespaceException {
    loadNamespaceMetadata(namespace);
    return new Identifier[] {Identifier.of(SCHEMA, TRIPS)};
  }

  @Override
  public Table loadTable(Identifier table) throws NoSuchTableException {
    if (isSchema(table.namespace()) && table.name().equalsIgnoreCase(TRIPS)) {
      return SampleTrips.TABLE;
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

  private static boolean isSchema(String[] namespace) {
    return namespace.length == 1 && Arrays.equals(SCHEMA, new String[] {namespace[0].toLowerCase()});
  }

  private static UnsupportedOperationException readOnly() {
    return new UnsupportedOperationException("The catalog 'samples' is read-only; name your own catalog.");
  }
}
