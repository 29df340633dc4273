package local_workspace;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.parser.HybridParameterContext;
import org.apache.spark.sql.catalyst.parser.NamedParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParameterHandler;
import org.apache.spark.sql.catalyst.parser.PositionalParameterContext;
import org.apache.spark.sql.types.Decimal;
import scala.collection.immutable.List$;
import scala.collection.immutable.Map$;
import scala.collection.immutable.Seq;
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
      String bound = ParameterHandler.substituteParameters(sql, typed(values))._1();
      // A "${" that came with a value is text; unescaped, the parser would look for a variable of Spark's.
      return sql.contains("${") ? bound : bound.replace("${", "\\u0024{");
    } catch (Exception unreadable) { // a ParseException, which methods of Scala don't declare
      return sql;
    }
  }

  private static ParameterContext typed(ParameterContext values) {
    if (values instanceof PositionalParameterContext positional) {
      return new PositionalParameterContext(typed(positional.params()));
    }
    if (values instanceof HybridParameterContext given) { // of EXECUTE IMMEDIATE
      return new HybridParameterContext(typed(given.args()), given.paramNames());
    }
    Map<String, Expression> typed = new LinkedHashMap<>();
    CollectionConverters.asJava(((NamedParameterContext) values).params())
        .forEach((name, value) -> typed.put(name, typed(value)));
    return new NamedParameterContext(Map$.MODULE$.from(CollectionConverters.asScala(typed)));
  }

  private static Seq<Expression> typed(Seq<Expression> values) {
    List<Expression> typed = CollectionConverters.asJava(values).stream().map(BoundValues::typed).toList();
    return List$.MODULE$.from(CollectionConverters.asScala(typed));
  }

  /** `value` such that its text has its type: that of a decimal has only as many digits as it needs. */
  private static Expression typed(Expression value) {
    return value instanceof Literal literal && literal.value() instanceof Decimal ? new DecimalLiteral(literal) : value;
  }

  private static final class DecimalLiteral extends Literal {
    DecimalLiteral(Literal literal) {
      super(literal.value(), literal.dataType());
    }

    @Override
    public String sql() {
      return "CAST(" + super.sql() + " AS " + dataType().sql() + ")";
    }
  }

  private static boolean isEmpty(ParameterContext values) {
    if (values instanceof PositionalParameterContext positional) {
      return CollectionConverters.asJava(positional.params()).isEmpty();
    }
    return values instanceof NamedParameterContext named && CollectionConverters.asJava(named.params()).isEmpty();
  }
}
