package local_workspace;

import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.catalog.CatalogFunction;
import org.apache.spark.sql.catalyst.catalog.FileResource$;
import org.apache.spark.sql.catalyst.catalog.FunctionResource;
import org.apache.spark.sql.catalyst.catalog.SQLFunction;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.collection.immutable.List$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What DESCRIBE FUNCTION says of a SQL function, in the lines of
 * https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-sql-function. Open Spark prints the
 * JSON in which it keeps the function.
 */
final class FunctionDescription {
  private final Map<String, List<String>> values = new LinkedHashMap<>(); // by what they are called

  private FunctionDescription(SQLFunction function, boolean isExtended) {
    put("Function", name(function.name()));
    put("Type", function.isTableFunc() ? "TABLE" : "SCALAR");
    values.put("Input", function.inputParam().isDefined() ? columns(function.inputParam().get(), isExtended) : List.of("()"));
    values.put("Returns", function.isTableFunc()
        ? columns(function.getTableFuncReturnCols(), isExtended) : List.of(function.getScalarFuncReturnType().sql()));
    if (isExtended) {
      putIfKnown("Comment", function.comment());
      putIfKnown("Deterministic", function.deterministic());
      putIfKnown("Data Access", function.containsSQL().map(FunctionDescription::access));
      put("Owner", Notes.read().user());
      put("Create Time", new Date(function.createTimeMs()).toString());
      String body = function.exprText().getOrElse(() -> function.queryText().getOrElse(() -> ""));
      values.put("Body", CatalogSql.restore(body, CatalogNames.catalog()).lines().toList());
    }
  }

  /** The lines about the function that Spark describes by `info`. */
  static List<String> lines(ExpressionInfo info, boolean isExtended, ParserInterface parser) {
    FunctionIdentifier name = new FunctionIdentifier(info.getName(), Option.apply(info.getDb()));
    // As the metastore keeps it: in parts with numbers of three digits.
    FunctionResource whole = new FunctionResource(FileResource$.MODULE$, "000" + info.getUsage());
    CatalogFunction stored =
        new CatalogFunction(name, info.getClassName(), List$.MODULE$.from(CollectionConverters.asScala(List.of(whole))));
    return new FunctionDescription(SQLFunction.fromCatalogFunction(stored, parser), isExtended).lines();
  }

  private List<String> lines() {
    int width = values.keySet().stream().mapToInt(String::length).max().getAsInt() + ": ".length();
    List<String> lines = new ArrayList<>();
    values.forEach((name, all) -> {
      String label = name + ":";
      for (String value : all) {
        lines.add(padded(label, width) + value);
        label = "";
      }
    });
    return lines;
  }

  private void put(String name, String value) {
    values.put(name, List.of(value));
  }

  private void putIfKnown(String name, Option<?> value) {
    if (value.isDefined()) {
      put(name, String.valueOf(value.get()));
    }
  }

  /** The name of a function that is kept begins with the catalog; a temporary one has a name alone. */
  private static String name(FunctionIdentifier function) {
    return function.database().isEmpty()
        ? function.funcName() : String.join(".", CatalogNames.catalog(), function.database().get(), function.funcName());
  }

  private static List<String> columns(StructType columns, boolean isExtended) {
    int width = Stream.of(columns.fields()).mapToInt(column -> column.name().length()).max().orElse(0) + 1;
    return Stream.of(columns.fields()).map(
        column -> padded(column.name(), width) + column.dataType().sql() + (isExtended ? details(column) : "")).toList();
  }

  private static String details(StructField column) {
    Option<String> value = column.getDefault();
    String text = value.isDefined() ? " DEFAULT " + value.get() : "";
    return column.getComment().isDefined() ? text + " " + CatalogSql.literal(column.getComment().get()) : text;
  }

  private static String access(Object containsSql) {
    return Boolean.TRUE.equals(containsSql) ? "CONTAINS SQL" : "READS SQL DATA";
  }

  private static String padded(String text, int width) {
    return text + " ".repeat(Math.max(0, width - text.length()));
  }
}
