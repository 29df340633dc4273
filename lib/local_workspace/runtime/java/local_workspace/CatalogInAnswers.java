package local_workspace;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.catalyst.expressions.StringReplace;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.types.StringType;
import scala.Option;
import scala.collection.immutable.List$;
import scala.collection.immutable.Nil$;
import scala.jdk.javaapi.CollectionConverters;

/** Names the workspace's catalog in what statements such as DESCRIBE and SHOW answer. */
final class CatalogInAnswers extends Rule<LogicalPlan> {
  private static final Set<String> COMMANDS = Set.of(
      "DescribeNamespace", "DescribeRelation", "DescribeTableCommand", "DescribeRelationJsonCommand",
      "DescribeDeltaDetailCommand", "DescribeFunctionCommand", "DescribeFunction", "ShowFunctions", "ShowFunctionsCommand",
      "ShowTablesExtended", "ShowTablesCommand", "ShowCreateTable", "ShowCreateTableCommand", "ExplainCommand");

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    String catalog = CatalogNames.catalog();
    if (catalog.isEmpty() || !COMMANDS.contains(plan.getClass().getSimpleName()) || !plan.resolved()) {
      return plan;
    }
    List<NamedExpression> columns = new ArrayList<>();
    List<Attribute> output = CollectionConverters.asJava(plan.output());
    OwnerInAnswers owner = OwnerInAnswers.of(plan, output);
    for (Attribute column : output) {
      Expression owned = owner.in(column);
      columns.add(column.dataType() instanceof StringType ? named(column.name(), owned, catalog) : (NamedExpression) column);
    }
    return new Project(List$.MODULE$.from(CollectionConverters.asScala(columns)), plan);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static NamedExpression named(String column, Expression value, String catalog) {
    Expression search = Literal$.MODULE$.apply(CatalogSql.SPARK_CATALOG);
    Expression replaced = new StringReplace(value, search, Literal$.MODULE$.apply(catalog));
    return new Alias(
        replaced, column, NamedExpression$.MODULE$.newExprId(), (scala.collection.immutable.Seq) Nil$.MODULE$, Option.empty(),
        (scala.collection.immutable.Seq) Nil$.MODULE$);
  }
}
