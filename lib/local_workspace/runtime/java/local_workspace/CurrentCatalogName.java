package local_workspace;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.CurrentCatalog;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;

/** Lets current_catalog() return the workspace's catalog while that is the session's. */
final class CurrentCatalogName extends Rule<LogicalPlan> {
  private final SparkSession session;

  CurrentCatalogName(SparkSession session) {
    this.session = session;
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() || !isCurrent() ? plan : plan.transformAllExpressionsWithSubqueries(new Named(catalog));
  }

  private boolean isCurrent() {
    var catalogs = ((org.apache.spark.sql.classic.SparkSession) session).sessionState().catalogManager();
    return catalogs.currentCatalog().name().equals(CatalogSql.SPARK_CATALOG);
  }

  private static final class Named extends ExpressionChange {
    private final String catalog;

    Named(String catalog) {
      this.catalog = catalog;
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof CurrentCatalog;
    }

    @Override
    Expression changed(Expression expression) {
      return Literal$.MODULE$.apply(catalog);
    }
  }
}
