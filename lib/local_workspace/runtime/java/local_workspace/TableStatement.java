package local_workspace;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTableType;
import org.apache.spark.sql.catalyst.util.CharVarcharUtils;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.delta.skipping.clustering.ClusteringColumnInfo;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The statement that makes a Delta table as it is now, which SHOW CREATE TABLE answers, with the clauses of
 * https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-using. Open Delta Lake refuses it.
 */
final class TableStatement {
  private TableStatement() {}

  /** The statement; empty for a table without a name, and for one of a pipeline, whose query is not kept with it. */
  static Option<String> of(DeltaTableV2 table) {
    Snapshot snapshot = table.initialSnapshot();
    boolean isMadeByPipeline = Metastore.typeInUnity(snapshot).isPresent();
    return isMadeByPipeline ? Option.empty() : table.catalogTable().map(stored -> text(stored, snapshot));
  }

  private static String text(CatalogTable stored, Snapshot snapshot) {
    List<String> lines = new ArrayList<>();
    StructField[] columns = snapshot.metadata().schema().fields();
    lines.add("CREATE TABLE " + name(stored) + (columns.length == 0 ? "" : " " + list(Stream.of(columns).map(TableStatement::column))));
    lines.add("USING delta");
    addColumns(lines, "PARTITIONED BY", CollectionConverters.asJava(snapshot.metadata().partitionColumns()).stream().map(CatalogSql::plain));
    addColumns(lines, "CLUSTER BY", CollectionConverters.asJava(ClusteringColumnInfo.extractLogicalNames(snapshot)).stream());
    if (snapshot.metadata().description() != null) {
      lines.add("COMMENT " + CatalogSql.literal(snapshot.metadata().description()));
    }
    if (stored.tableType().equals(CatalogTableType.EXTERNAL())) {
      lines.add("LOCATION " + CatalogSql.literal(Metastore.location(stored)));
    }
    lines.add("TBLPROPERTIES " + list(Metastore.properties(snapshot).entrySet().stream().map(TableStatement::property)));
    return String.join("\n", lines);
  }

  private static String name(CatalogTable stored) {
    return Stream.of(CatalogNames.catalog(), stored.database(), stored.identifier().table()).map(CatalogSql::plain)
        .collect(Collectors.joining("."));
  }

  private static String column(StructField field) {
    DataType type = CharVarcharUtils.getRawType(field.metadata()).getOrElse(field::dataType);
    Option<String> value = field.getCurrentDefaultValue();
    return CatalogSql.plain(field.name()) + " " + type.sql()
        + (field.nullable() ? "" : " NOT NULL")
        + generated(field.metadata())
        + (value.isDefined() ? " DEFAULT " + value.get() : "")
        + (field.getComment().isDefined() ? " COMMENT " + CatalogSql.literal(field.getComment().get()) : "");
  }

  /** The clause of a generated column or an identity, which Delta Lake keeps in these fields. */
  private static String generated(Metadata kept) {
    if (kept.contains("delta.generationExpression")) {
      return " GENERATED ALWAYS AS (" + kept.getString("delta.generationExpression") + ")";
    }
    if (!kept.contains("delta.identity.start")) {
      return "";
    }
    return String.format(
        " GENERATED %s AS IDENTITY (START WITH %d INCREMENT BY %d)",
        kept.getBoolean("delta.identity.allowExplicitInsert") ? "BY DEFAULT" : "ALWAYS",
        kept.getLong("delta.identity.start"), kept.getLong("delta.identity.step"));
  }

  private static String property(Map.Entry<String, String> property) {
    return CatalogSql.literal(property.getKey()) + " = " + CatalogSql.literal(property.getValue());
  }

  private static void addColumns(List<String> lines, String clause, Stream<String> names) {
    String all = names.collect(Collectors.joining(", "));
    if (!all.isEmpty()) {
      lines.add(clause + " (" + all + ")");
    }
  }

  private static String list(Stream<String> parts) {
    return parts.collect(Collectors.joining(",\n  ", "(\n  ", ")"));
  }
}
