package local_workspace;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.analysis.ResolvedTable;
import org.apache.spark.sql.catalyst.catalog.SQLFunction;
import org.apache.spark.sql.catalyst.plans.logical.LocalRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ShowCreateTable;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.execution.command.DescribeFunctionCommand;
import scala.Option;
import scala.collection.immutable.List$;
import scala.jdk.javaapi.CollectionConverters;

/** Answers SHOW CREATE TABLE of Delta tables and DESCRIBE FUNCTION of SQL functions as Databricks does. */
final class Descriptions extends Rule<LogicalPlan> {
  private final SparkSession session;

  Descriptions(SparkSession session) {
    this.session = session;
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (plan instanceof ShowCreateTable shown && !shown.asSerde() && shown.child() instanceof ResolvedTable resolved
        && resolved.table() instanceof DeltaTableV2 table) {
      Option<String> statement = TableStatement.of(table);
      return statement.isDefined() ? answer(plan, List.of(statement.get())) : plan; // which Delta Lake refuses
    }
    if (plan instanceof DescribeFunctionCommand described && SQLFunction.isSQLFunction(described.info().getClassName())) {
      var parser = ((org.apache.spark.sql.classic.SparkSession) session).sessionState().sqlParser();
      return answer(plan, FunctionDescription.lines(described.info(), described.isExtended(), parser));
    }
    return plan;
  }

  /** Rows of one text each in the column of the statement. */
  private static LogicalPlan answer(LogicalPlan statement, List<String> texts) {
    List<Row> rows = texts.stream().map(RowFactory::create).toList();
    return LocalRelation.fromExternalRows(statement.output(), List$.MODULE$.from(CollectionConverters.asScala(rows)));
  }
}
