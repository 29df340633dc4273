package local_workspace;

import org.apache.spark.sql.catalyst.parser.NamedParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterHandler;
import org.apache.spark.sql.catalyst.parser.PositionalParameterContext;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Puts the values that are bound to a statement into its text: Delta Lake's parser, which comes before Spark's, drops them.
 */
final class BoundValues {
  private BoundValues() {}

  /** `sql` with a literal for each marker. Delta Lake's own commands, which Spark can't parse, take no markers. */
  static String put(String sql, ParameterContext values) {
    if (isEmpty(values)) {
      return sql;
    }
    try {
      String bound = ParameterHandler.substituteParameters(sql, values)._1();
      // A "${" that came with a value is text; unescaped, the parser would look for a variable of Spark's.
      return sql.contains("${") ? bound : bound.replace("${", "\\u0024{");
    } catch (Exception unreadable) { // a ParseException, which methods of Scala don't declare
      return sql;
    }
  }

  private static boolean isEmpty(ParameterContext values) {
    if (values instanceof PositionalParameterContext positional) {
      return CollectionConverters.asJava(positional.params()).isEmpty();
    }
    return values instanceof NamedParameterContext named && CollectionConverters.asJava(named.params()).isEmpty();
  }
}
