package local_workspace;

import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.Table;

/**
 * The read-only catalog `system`. Its `information_schema` is that of the whole metastore, which has one catalog here:
 * https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema. System tables are not here.
 */
public final class SystemCatalog extends ReadOnlyCatalog {
  public SystemCatalog() {
    super(InformationSchema.NAME, InformationSchema.COMMENT, tables());
  }

  private static Map<String, MetadataTable> tables() {
    Map<String, MetadataTable> tables = new TreeMap<>(InformationSchema.TABLES);
    tables.computeIfPresent("information_schema_catalog_name",
        (name, table) -> new MetadataTable(table.name(), table.schema(), wanted -> Stream.<Object[]>of(new Object[] {"system"})));
    return tables;
  }

  @Override
  public Table loadTable(Identifier table) throws NoSuchTableException {
    if (!isSchema(table.namespace())) {
      throw new UnsupportedOperationException(String.format(
          "System tables such as system.%s exist on Databricks only: a local workspace has system.information_schema.", table));
    }
    return super.loadTable(table);
  }
}
