package local_workspace;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.expressions.Alias;
import org.apache.spark.sql.catalyst.expressions.AttributeReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.NamedExpression;
import org.apache.spark.sql.catalyst.plans.logical.CTERelationRef;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.util.package$;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/**
 * Names the workspace's catalog in the names that Spark gives to columns, such as `shop.sales.net(price)`; neither in
 * those that a statement gives, nor in texts within an expression.
 */
final class CatalogInColumnNames extends Rule<LogicalPlan> {
  private static final Pattern FUNCTION = Pattern.compile("\\b" + CatalogSql.SPARK_CATALOG + "(?=\\.[^.()]+\\.[^.()]+\\()");

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    String catalog = CatalogNames.catalog();
    return catalog.isEmpty() ? plan : plan.resolveOperatorsUp(new WithNames(Matcher.quoteReplacement(catalog)));
  }

  private static final class WithNames extends AbstractPartialFunction<LogicalPlan, LogicalPlan> {
    private final NamedAliases aliases;
    private final NamedReferences references;

    WithNames(String catalog) {
      aliases = new NamedAliases(catalog);
      references = new NamedReferences(catalog);
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

  private static boolean isOfSpark(NamedExpression named) {
    return named.metadata().contains(package$.MODULE$.AUTO_GENERATED_ALIAS());
  }

  /** The columns of a common table expression, which it has named before the rule came to it. */
  private static final class NamedReferences extends ExpressionChange {
    private final String catalog;

    NamedReferences(String catalog) {
      this.catalog = catalog;
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof AttributeReference column && FUNCTION.matcher(column.name()).find() && isOfSpark(column);
    }

    @Override
    Expression changed(Expression expression) {
      AttributeReference column = (AttributeReference) expression;
      return column.withName(FUNCTION.matcher(column.name()).replaceAll(catalog));
    }
  }

  private static final class NamedAliases extends ExpressionChange {
    private final String catalog;

    NamedAliases(String catalog) {
      this.catalog = catalog;
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof Alias alias && FUNCTION.matcher(alias.name()).find()
          && (isOfSpark(alias) || alias.name().equals(text(alias.child())));
    }

    @Override
    Expression changed(Expression expression) {
      Alias alias = (Alias) expression;
      return new Alias(
          alias.child(), name(alias), alias.exprId(), alias.qualifier(), alias.explicitMetadata(),
          alias.nonInheritableMetadataKeys());
    }

    private String name(Alias alias) {
      MaskedTexts texts = new MaskedTexts();
      String masked = text(alias.child().transform(texts));
      if (texts.isEmpty()) {
        return FUNCTION.matcher(alias.name()).replaceAll(catalog);
      }
      boolean isKnown = alias.name().equals(text(alias.child())); // else the expression has changed since it was named
      return isKnown ? texts.restored(FUNCTION.matcher(masked).replaceAll(catalog)) : alias.name();
    }

    private static String text(Expression expression) {
      return package$.MODULE$.toPrettySQL(expression, true);
    }
  }

  /** Puts marks in the places of an expression's texts that look as if they named a function. */
  private static final class MaskedTexts extends ExpressionChange {
    private final List<String> texts = new ArrayList<>();

    boolean isEmpty() {
      return texts.isEmpty();
    }

    /** `name` with the texts in the places of the marks. */
    String restored(String name) {
      String restored = name;
      for (int at = 0; at < texts.size(); at++) {
        restored = restored.replace(mark(at), texts.get(at));
      }
      return restored;
    }

    private static String mark(int number) {
      return "\uE000" + number + "\uE001"; // characters for private use
    }

    @Override
    public boolean isDefinedAt(Expression expression) {
      return expression instanceof Literal literal && literal.value() instanceof UTF8String text
          && text.toString().contains(CatalogSql.SPARK_CATALOG);
    }

    @Override
    Expression changed(Expression expression) {
      texts.add(((Literal) expression).value().toString());
      return Literal$.MODULE$.apply(mark(texts.size() - 1));
    }
  }
}
