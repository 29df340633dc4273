package local_workspace;

import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.CharType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DayTimeIntervalType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;
import org.apache.spark.sql.types.YearMonthIntervalType;
import org.json4s.jackson.JsonMethods$;

/** A column, parameter or result; `position` counts from 0, `partition_index` is null for a column of no partitions. */
record Field(
    String name,
    int position,
    String type_text,
    String type_name,
    String type_json,
    Integer type_precision,
    Integer type_scale,
    String type_interval_type,
    boolean nullable,
    String comment,
    String default_value,
    Integer partition_index) {
  private static final Map<String, String> NAMES = Map.of(
      "bigint", "LONG", "int", "INT", "smallint", "SHORT", "tinyint", "BYTE", "void", "NULL");

  static List<Field> all(StructType columns, List<String> partitions) {
    StructField[] fields = columns.fields();
    return IntStream.range(0, fields.length).mapToObj(at -> of(fields[at], at, partitions)).toList();
  }

  static Field of(StructField field, int position, List<String> partitions) {
    DataType type = org.apache.spark.sql.catalyst.util.CharVarcharUtils.getRawType(field.metadata()).getOrElse(field::dataType);
    int partition = partitions.indexOf(field.name());
    DecimalType decimal = type instanceof DecimalType found ? found : null;
    return new Field(
        field.name(), position, type.catalogString(), typeName(type), JsonMethods$.MODULE$.compact(field.jsonValue()),
        decimal == null ? null : decimal.precision(), decimal == null ? null : decimal.scale(), interval(type),
        field.nullable(), orNull(field.getComment()), orNull(field.getCurrentDefaultValue().orElse(field::getDefault)), partition < 0 ? null : partition);
  }

  /** Unity Catalog's word for a type, such as LONG for BIGINT. */
  static String typeName(DataType type) {
    if (type instanceof DecimalType) {
      return "DECIMAL";
    } else if (type instanceof ArrayType) {
      return "ARRAY";
    } else if (type instanceof MapType) {
      return "MAP";
    } else if (type instanceof StructType) {
      return "STRUCT";
    } else if (type instanceof CharType) {
      return "CHAR";
    } else if (type instanceof YearMonthIntervalType || type instanceof DayTimeIntervalType) {
      return "INTERVAL";
    } else if (type instanceof StringType || type instanceof org.apache.spark.sql.types.VarcharType) {
      return "STRING";
    } else if (type instanceof VariantType) {
      return "VARIANT";
    }
    return NAMES.getOrDefault(type.catalogString(), type.catalogString().toUpperCase());
  }

  private static String interval(DataType type) {
    return typeName(type).equals("INTERVAL") ? type.catalogString().substring("interval ".length()).toUpperCase() : null;
  }

  private static <T> T orNull(scala.Option<T> value) {
    return value.isDefined() ? value.get() : null;
  }
}
