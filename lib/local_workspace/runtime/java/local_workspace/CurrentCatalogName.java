package local_workspace;

import org.apache.spark.sql.catalyst.expressions.CurrentCatalog;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/** Lets current_catalog() return the workspace's catalog. */
final class CurrentCatalogName extends Rule<LogicalPlan> {
  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() ? plan : plan.transformAllExpressionsWithSubqueries(new Named(catalog));
  }

  private static final class Named extends AbstractPartialFunction<Expression, Expression> {
    private final String catalog;

    Named(String catalog) {
      this.catalog = catalog;
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof CurrentCatalog;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <A1 extends Expression, B1> B1 applyOrElse(A1 expression, Function1<A1, B1> otherwise) {
      return expression instanceof CurrentCatalog ? (B1) Literal$.MODULE$.apply(catalog) : otherwise.apply(expression);
    }
  }
}
