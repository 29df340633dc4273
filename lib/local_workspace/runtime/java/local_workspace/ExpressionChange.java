package local_workspace;

import org.apache.spark.sql.catalyst.expressions.Expression;
import scala.Function1;
import scala.runtime.AbstractPartialFunction;

/** Puts other expressions in the places of those at which it is defined. */
abstract class ExpressionChange extends AbstractPartialFunction<Expression, Expression> {
  /** What comes in the place of an expression at which this is defined. */
  abstract Expression changed(Expression expression);

  @Override
  @SuppressWarnings("unchecked")
  public final <A1 extends Expression, B1> B1 applyOrElse(A1 expression, Function1<A1, B1> otherwise) {
    return isDefinedAt(expression) ? (B1) changed(expression) : otherwise.apply(expression);
  }
}
