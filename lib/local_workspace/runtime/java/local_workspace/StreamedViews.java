package local_workspace;

import java.util.Map;
import org.apache.spark.QueryContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.catalyst.TableIdentifier;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.streaming.runtime.StreamingRelation;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction1;
import scala.runtime.BoxedUnit;

/**
 * Refuses streams that read materialized views, as Databricks does: STREAMING_FROM_MATERIALIZED_VIEW in
 * https://docs.databricks.com/aws/en/error-messages/error-classes.
 */
final class StreamedViews extends AbstractFunction1<LogicalPlan, BoxedUnit> {
  private static final String ERROR = "STREAMING_FROM_MATERIALIZED_VIEW";

  @Override
  public BoxedUnit apply(LogicalPlan plan) {
    if (plan.isStreaming()) {
      CollectionConverters.asJava(plan.collectLeaves()).forEach(StreamedViews::check);
    }
    return BoxedUnit.UNIT;
  }

  private static void check(LogicalPlan leaf) {
    if (leaf instanceof StreamingRelation stream && stream.dataSource().catalogTable().isDefined()) {
      TableIdentifier name = stream.dataSource().catalogTable().get().identifier();
      if (Metastore.active().isMaterializedView(name.database().get(), name.table())) {
        refuse(String.format("`%s`.`%s`.`%s`", CatalogNames.catalog(), name.database().get(), name.table()));
      }
    }
  }

  private static void refuse(String name) {
    String message = "[" + ERROR + "] Cannot stream from Materialized View " + name
        + ". Streaming from Materialized Views is not supported: read it without a stream. SQLSTATE: 0A000";
    throw StreamedViews.<RuntimeException>unchecked(new AnalysisException(
        message, Option.empty(), Option.empty(), Option.empty(), Option.apply(ERROR),
        scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(Map.of("name", name))), new QueryContext[0]));
  }

  /** Scala's functions declare no exceptions. */
  @SuppressWarnings("unchecked")
  private static <E extends Throwable> E unchecked(Throwable error) throws E {
    throw (E) error;
  }
}
