package local_workspace;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.connector.catalog.CatalogV2Util;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.SupportsRead;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableCapability;
import org.apache.spark.sql.connector.read.LocalScan;
import org.apache.spark.sql.connector.read.Scan;
import org.apache.spark.sql.connector.read.ScanBuilder;
import org.apache.spark.sql.connector.read.SupportsPushDownFilters;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.IsNotNull;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.util.CaseInsensitiveStringMap;
import org.apache.spark.unsafe.types.UTF8String;

/** A table whose rows are computed each time that it is read, so they are never out of date. */
record MetadataTable(String name, StructType schema, Rows rows) implements Table, SupportsRead {
  /** Computes the rows: each value is a String, an Integer, a Double, a Long (microseconds since 1970 for a timestamp) or null. */
  interface Rows {
    /** All rows with the values of `wanted` (in lower case, by column) at least; others may be among them. */
    Stream<Object[]> read(Map<String, String> wanted);
  }

  MetadataTable(String name, String columns, Rows rows) {
    this(name, StructType.fromDDL(columns), rows);
  }

  @Override
  public Column[] columns() {
    return CatalogV2Util.structTypeToV2Columns(schema);
  }

  @Override
  public Set<TableCapability> capabilities() {
    return Set.of(TableCapability.BATCH_READ);
  }

  @Override
  public ScanBuilder newScanBuilder(CaseInsensitiveStringMap options) {
    return new Reading();
  }

  /**
   * One reading. It filters by equality itself: then `SELECT * … WHERE name = 'x'` needs no job of Spark's, which would
   * wait until the jobs before it leave a processor free.
   */
  private final class Reading implements ScanBuilder, SupportsPushDownFilters, LocalScan {
    private final Map<String, String> wanted = new HashMap<>();
    private Filter[] pushed = {};

    @Override
    public Filter[] pushFilters(Filter[] filters) {
      pushed = Stream.of(filters).filter(this::isOwn).toArray(Filter[]::new);
      for (Filter filter : pushed) {
        if (filter instanceof EqualTo equal) {
          wanted.put(equal.attribute().toLowerCase(), String.valueOf(equal.value()).toLowerCase());
        }
      }
      return Stream.of(filters).filter(filter -> !isOwn(filter)).toArray(Filter[]::new);
    }

    private boolean isOwn(Filter filter) {
      boolean isSimple = filter instanceof EqualTo equal && equal.value() instanceof String || filter instanceof IsNotNull;
      return isSimple && List.of(schema.fieldNames()).contains(filter.references()[0]);
    }

    private boolean keeps(Object[] row) {
      return Stream.of(pushed).allMatch(filter -> {
        Object value = row[schema.fieldIndex(filter.references()[0])];
        return filter instanceof EqualTo equal ? equal.value().equals(value) : value != null;
      });
    }

    @Override
    public Filter[] pushedFilters() {
      return pushed;
    }

    @Override
    public Scan build() {
      return this;
    }

    @Override
    public StructType readSchema() {
      return schema;
    }

    @Override
    public InternalRow[] rows() {
      List<Object[]> all = rows.read(wanted).filter(this::keeps).toList();
      return all.stream().map(row -> new GenericInternalRow(internal(row))).toArray(InternalRow[]::new);
    }
  }

  private static Object[] internal(Object[] row) {
    return Stream.of(row).map(value -> value instanceof String text ? UTF8String.fromString(text) : value).toArray();
  }
}
