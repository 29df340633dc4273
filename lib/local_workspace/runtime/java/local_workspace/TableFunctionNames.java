package local_workspace;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.analysis.UnresolvedTableValuedFunction;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.SubqueryAlias;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedWith;
import scala.Function1;
import scala.Option;
import scala.Tuple3;
import scala.collection.immutable.List$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractPartialFunction;

/**
 * Splits the names of table functions again that {@link CatalogSql} quoted as one part, because Spark's grammar allows a
 * table function one part only.
 */
final class TableFunctionNames extends AbstractPartialFunction<LogicalPlan, LogicalPlan> {
  static LogicalPlan restore(LogicalPlan plan) {
    return plan.transformUpWithSubqueries(new TableFunctionNames());
  }

  @Override
  public boolean isDefinedAt(LogicalPlan plan) {
    return plan instanceof UnresolvedWith || plan instanceof UnresolvedTableValuedFunction function && isWhole(function);
  }

  @Override
  @SuppressWarnings("unchecked")
  public <A1 extends LogicalPlan, B1> B1 applyOrElse(A1 plan, Function1<A1, B1> otherwise) {
    if (plan instanceof UnresolvedTableValuedFunction function && isWhole(function)) {
      return (B1) function.copy(parts(function), function.functionArgs(), function.isStreaming());
    }
    if (plan instanceof UnresolvedWith with) { // a transformation does not visit common table expressions: they are no children
      return (B1) with.copy(with.child(), restored(with), with.allowRecursion());
    }
    return otherwise.apply(plan);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static Seq restored(UnresolvedWith with) {
    List<Tuple3<String, SubqueryAlias, Option>> all = new ArrayList<>();
    for (Object each : CollectionConverters.asJava((Seq) with.cteRelations())) {
      Tuple3<String, SubqueryAlias, Option> named = (Tuple3) each;
      all.add(new Tuple3<>(named._1(), (SubqueryAlias) restore(named._2()), named._3()));
    }
    return List$.MODULE$.from(CollectionConverters.asScala(all));
  }

  private static boolean isWhole(UnresolvedTableValuedFunction function) {
    List<String> name = CollectionConverters.asJava(function.name());
    return name.size() == 1 && name.get(0).startsWith("`");
  }

  private static Seq<String> parts(UnresolvedTableValuedFunction function) {
    String name = CollectionConverters.asJava(function.name()).get(0);
    return CatalystSqlParser$.MODULE$.parseMultipartIdentifier(name);
  }
}
