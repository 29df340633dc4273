package local_workspace;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.AttributeSet;
import org.apache.spark.sql.catalyst.plans.QueryPlan;
import org.apache.spark.sql.catalyst.plans.logical.Command;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Statistics;
import org.apache.spark.sql.catalyst.types.DataTypeUtils$;
import org.apache.spark.sql.classic.Dataset$;
import org.apache.spark.sql.delta.TransactionExecutionObserver$;
import org.apache.spark.sql.delta.actions.CommitInfo;
import org.apache.spark.sql.execution.command.RunnableCommand;
import org.apache.spark.sql.types.StructType;
import scala.Enumeration;
import scala.Option;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.List$;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;
import scala.runtime.AbstractFunction0;

/**
 * A statement that writes to a Delta table, with the columns that it has on Databricks: an INSERT says how many rows it
 * has written, and CREATE TABLE … AS SELECT has the columns without a row. Open Delta Lake answers neither.
 *
 * <p>Sources: https://github.com/jOOQ/jOOQ/issues/19733 for INSERT, and for CREATE TABLE … AS SELECT what notebooks show
 * that ran on Databricks. Public for Spark, which copies plans by their constructors.
 */
public final class CountedWrite extends LogicalPlan implements RunnableCommand {
  private static final StructType COLUMNS = StructType.fromDDL("num_affected_rows BIGINT, num_inserted_rows BIGINT");

  private final LogicalPlan write; // no child: it is to run within this command, once
  private final boolean hasCounts;
  private final Seq<Attribute> output;
  private Seq<Enumeration.Value> patterns;

  @SuppressWarnings("unchecked")
  static CountedWrite of(LogicalPlan write, boolean hasCounts) {
    return new CountedWrite(write, hasCounts, (Seq<Attribute>) (Object) DataTypeUtils$.MODULE$.toAttributes(COLUMNS));
  }

  public CountedWrite(LogicalPlan write, boolean hasCounts, Seq<Attribute> output) {
    Command.$init$(this);
    this.write = write;
    this.hasCounts = hasCounts;
    this.output = output;
  }

  @Override
  public Seq<Row> run(SparkSession session) {
    FirstTransaction transaction = new FirstTransaction();
    TransactionExecutionObserver$.MODULE$.withObserver(transaction, new AbstractFunction0<Object>() {
      @Override
      public Object apply() {
        return Dataset$.MODULE$.ofRows((org.apache.spark.sql.classic.SparkSession) session, write);
      }
    });
    List<Row> rows = hasCounts ? List.of(counts(transaction.commit())) : List.of();
    return List$.MODULE$.from(CollectionConverters.asScala(rows));
  }

  private static Row counts(Option<CommitInfo> commit) {
    if (commit.isEmpty()) {
      return RowFactory.create(0L, 0L);
    }
    if (commit.get().operationMetrics().isEmpty()) { // switched off by spark.databricks.delta.history.metricsEnabled
      return RowFactory.create(null, null);
    }
    Map<String, String> metrics = CollectionConverters.asJava(commit.get().operationMetrics().get());
    // Rows of a file that REPLACE WHERE removes are copied to a new one if the condition doesn't fit them.
    long inserted = count(metrics, "numOutputRows") - count(metrics, "numCopiedRows");
    return RowFactory.create(inserted, inserted);
  }

  private static long count(Map<String, String> metrics, String name) {
    return Long.parseLong(metrics.getOrDefault(name, "0"));
  }

  @Override
  public Seq<Attribute> output() {
    return output;
  }

  @Override
  public Seq<QueryPlan<?>> innerChildren() {
    return List$.MODULE$.from(CollectionConverters.asScala(List.<QueryPlan<?>>of(write)));
  }

  // What Scala's compiler adds to a command.

  @Override
  @SuppressWarnings("unchecked")
  public Seq<LogicalPlan> children() {
    return (Seq<LogicalPlan>) (Object) Nil$.MODULE$;
  }

  @Override
  public LogicalPlan withNewChildrenInternal(IndexedSeq<LogicalPlan> children) {
    return this;
  }

  @Override
  public AttributeSet producedAttributes() {
    return RunnableCommand.super.producedAttributes();
  }

  @Override
  public Statistics stats() {
    return RunnableCommand.super.stats();
  }

  @Override
  public Seq<Enumeration.Value> nodePatterns() {
    return patterns;
  }

  @Override
  public void org$apache$spark$sql$catalyst$plans$logical$Command$_setter_$nodePatterns_$eq(Seq<Enumeration.Value> all) {
    patterns = all;
  }

  @Override
  public int productArity() {
    return 3;
  }

  @Override
  public Object productElement(int index) {
    return index == 0 ? write : index == 1 ? (Object) hasCounts : output;
  }

  @Override
  public boolean canEqual(Object other) {
    return other instanceof CountedWrite;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
