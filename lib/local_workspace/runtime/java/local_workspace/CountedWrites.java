package local_workspace;

import org.apache.spark.sql.catalyst.plans.logical.CreateTableAsSelect;
import org.apache.spark.sql.catalyst.plans.logical.InsertIntoStatement;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.ReplaceTableAsSelect;
import org.apache.spark.sql.catalyst.plans.logical.UnresolvedWith;
import org.apache.spark.sql.catalyst.plans.logical.V2WriteCommand;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.catalyst.trees.TreeNodeTag;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.execution.datasources.v2.DataSourceV2Relation;

/** Makes a {@link CountedWrite} of each statement that writes to a Delta table; other writers have no use for it. */
final class CountedWrites extends Rule<LogicalPlan> {
  private static final TreeNodeTag<Boolean> STATEMENT = new TreeNodeTag<>("local_workspace.statement");

  /** Mark what was parsed as a whole statement, if it writes to a table. */
  static LogicalPlan statement(LogicalPlan parsed) {
    LogicalPlan root = parsed instanceof UnresolvedWith with ? with.child() : parsed;
    if (isWrite(root)) { // others can be objects that all sessions share
      root.setTagValue(STATEMENT, true);
      DefaultKeywords.note(root);
    }
    return parsed;
  }

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    if (!plan.getTagValue(STATEMENT).isDefined()) {
      return plan;
    }
    boolean isInsert = plan instanceof V2WriteCommand write && write.table() instanceof DataSourceV2Relation relation
        && relation.table() instanceof DeltaTableV2;
    if (!isInsert && !isOfQuery(plan)) {
      return plan;
    }
    if (isInsert) {
      DefaultKeywords.check(plan, (DeltaTableV2) ((DataSourceV2Relation) ((V2WriteCommand) plan).table()).table());
    }
    plan.unsetTagValue(STATEMENT); // it runs within the other command, as what it is
    return CountedWrite.of(plan, isInsert);
  }

  private static boolean isWrite(LogicalPlan plan) {
    return plan instanceof InsertIntoStatement || plan instanceof V2WriteCommand || isOfQuery(plan);
  }

  private static boolean isOfQuery(LogicalPlan plan) {
    return plan instanceof CreateTableAsSelect || plan instanceof ReplaceTableAsSelect;
  }
}
