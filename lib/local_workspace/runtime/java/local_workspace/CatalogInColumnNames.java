package local_workspace;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/** Names the workspace's catalog in the names that Spark gives to columns, such as `shop.sales.net(price)`. */
final class CatalogInColumnNames extends Rule<LogicalPlan> {
  private static final Pattern FUNCTION = Pattern.compile("\\b" + CatalogSql.SPARK_CATALOG + "(?=\\.[^.()]+\\.[^.()]+\\()");

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() ? plan : plan.resolveOperatorsUp(new WithNames(Matcher.quoteReplacement(catalog)));
  }

  private static final class WithNames extends AbstractPartialFunction<LogicalPlan, LogicalPlan> {
    private final Named aliases;
    private final Named references;

    WithNames(String catalog) {
      aliases = new Named(catalog, false);
      references = new Named(catalog, true);
    }

    @Override
    public boolean isDefinedAt(LogicalPlan plan) {
      return true;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <A1 extends LogicalPlan, B1> B1 applyOrElse(A1 plan, Function1<A1, B1> otherwise) {
      return (B1) plan.transformExpressions(plan instanceof CTERelationRef ? references : aliases);
    }
  }

  private static final class Named extends AbstractPartialFunction<Expression, Expression> {
    private final String catalog;
    private final boolean isOfReferences;

    Named(String catalog, boolean isOfReferences) {
      this.catalog = catalog;
      this.isOfReferences = isOfReferences;
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      boolean isKind = isOfReferences ? expression instanceof AttributeReference : expression instanceof Alias;
      return isKind && FUNCTION.matcher(((NamedExpression) expression).name()).find();
    }

    @Override
    @SuppressWarnings("unchecked")
    public <A1 extends Expression, B1> B1 applyOrElse(A1 expression, Function1<A1, B1> otherwise) {
      if (!isDefinedAt(expression)) {
        return otherwise.apply(expression);
      }
      String name = FUNCTION.matcher(((NamedExpression) expression).name()).replaceAll(catalog);
      if (expression instanceof AttributeReference reference) {
        return (B1) reference.withName(name);
      }
      Alias alias = (Alias) expression;
      return (B1) new Alias(
          alias.child(), name, alias.exprId(), alias.qualifier(),
          alias.explicitMetadata(), alias.nonInheritableMetadataKeys());
    }
  }
}
