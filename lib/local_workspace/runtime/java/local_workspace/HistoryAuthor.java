package local_workspace;

import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Coalesce;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.If;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression$;
import org.apache.spark.sql.catalyst.expressions.StartsWith;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.delta.commands.DescribeDeltaHistoryCommand;
import org.apache.spark.sql.types.DataTypes;
import scala.Option;
import scala.collection.immutable.List$;
import scala.collection.immutable.Nil$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Names who made the commits of DESCRIBE HISTORY: open Delta Lake writes no user into a commit, and this server runs
 * everything as the workspace's own. A commit that another program made, such as delta-rs, has none.
 */
final class HistoryAuthor extends Rule<LogicalPlan> {
  private static final String OF_SPARK = "Apache-Spark/"; // how its `engineInfo` begins

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (!(plan instanceof DescribeDeltaHistoryCommand)) {
      return plan;
    }
    List<Attribute> columns = CollectionConverters.asJava(plan.output());
    Attribute engine = columns.stream().filter(column -> column.name().equals("engineInfo")).findFirst().orElseThrow();
    Notes notes = Notes.read();
    Stream<NamedExpression> shown = columns.stream().map(column -> switch (column.name()) {
      case "userName" -> known(column, engine, notes.user());
      case "userId" -> known(column, engine, notes.user_id());
      default -> column;
    });
    return new Project(List$.MODULE$.from(CollectionConverters.asScala(shown.toList())), plan);
  }

  /** `column`, with `ours` in commits of Spark that say nothing. */
  @SuppressWarnings({"unchecked", "rawtypes"})
  private static NamedExpression known(Attribute column, Attribute engine, String ours) {
    Expression isOurs = new StartsWith((Expression) engine, Literal$.MODULE$.apply(OF_SPARK));
    Expression nobody = Literal$.MODULE$.create(null, DataTypes.StringType);
    Expression author = new If(isOurs, Literal$.MODULE$.create(ours, DataTypes.StringType), nobody);
    List<Expression> choice = List.of((Expression) column, author);
    return new Alias(
        new Coalesce(List$.MODULE$.from(CollectionConverters.asScala(choice))), column.name(),
        NamedExpression$.MODULE$.newExprId(), (scala.collection.immutable.Seq) Nil$.MODULE$, Option.empty(),
        (scala.collection.immutable.Seq) Nil$.MODULE$);
  }
}
