package local_workspace;

import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.parser.ParameterContext;
import org.apache.spark.sql.catalyst.parser.ParseException;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;
import scala.collection.immutable.List$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** The parser in front of Delta Lake's and Spark's: it rewrites a text, and the next parser reads it. */
final class NamingParser implements ParserInterface {
  private final SparkSession session;
  private final ParserInterface next;

  NamingParser(SparkSession session, ParserInterface next) {
    this.session = session;
    this.next = next;
  }

  private interface Parse<T> {
    T apply(String text) throws ParseException;
  }

  private static <T> T parse(String text, Parse<T> parse) throws ParseException {
    String rewritten = rewrite(text);
    try {
      return parse.apply(rewritten);
    } catch (ParseException error) {
      if (!rewritten.equals(text)) {
        parse.apply(text); // raises the same error with the places and the names of the text as it was written
      }
      throw error;
    }
  }

  private static String identified(String text) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() ? text : CatalogSql.rewriteIdentifiers(text, catalog);
  }

  private static String rewrite(String text) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() ? text : CatalogSql.rewrite(text, catalog);
  }

  @Override
  public LogicalPlan parsePlan(String text) throws ParseException {
    return CountedWrites.statement(TableFunctionNames.restore(parse(text, next::parsePlan)));
  }

  @Override
  public LogicalPlan parsePlanWithParameters(String text, ParameterContext parameters) throws ParseException {
    LogicalPlan plan = parse(text, sql -> next.parsePlan(identified(BoundValues.put(sql, parameters))));
    return CountedWrites.statement(TableFunctionNames.restore(plan));
  }

  @Override
  public LogicalPlan parseQuery(String text) throws ParseException {
    return TableFunctionNames.restore(parse(text, next::parseQuery));
  }

  @Override
  public Expression parseExpression(String text) throws ParseException {
    return parse(text, next::parseExpression);
  }

  @Override
  public TableIdentifier parseTableIdentifier(String text) throws ParseException {
    return parse(text, next::parseTableIdentifier);
  }

  @Override
  public FunctionIdentifier parseFunctionIdentifier(String text) throws ParseException {
    return parse(text, next::parseFunctionIdentifier);
  }

  @Override
  public Seq<String> parseMultipartIdentifier(String text) throws ParseException {
    Seq<String> name = parse(text, next::parseMultipartIdentifier);
    List<String> parts = CollectionConverters.asJava(name);
    // `a.b` can be the table `b` in the schema `a` or the schema `b` in the catalog `a`: a schema of that name decides.
    if (parts.size() == 2 && parts.get(0).equalsIgnoreCase(CatalogNames.catalog()) && !hasSchema(parts.get(0))) {
      return List$.MODULE$.from(CollectionConverters.asScala(List.of("spark_catalog", parts.get(1))));
    }
    return name;
  }

  private boolean hasSchema(String name) {
    return ((org.apache.spark.sql.classic.SparkSession) session).sessionState().catalog().databaseExists(name);
  }

  @Override
  public StructType parseRoutineParam(String text) throws ParseException {
    return next.parseRoutineParam(text);
  }

  @Override
  public StructType parseTableSchema(String text) throws ParseException {
    return next.parseTableSchema(text);
  }

  @Override
  public DataType parseDataType(String text) throws ParseException {
    return next.parseDataType(text);
  }
}
