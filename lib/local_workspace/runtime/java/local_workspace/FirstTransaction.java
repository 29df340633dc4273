package local_workspace;

import org.apache.spark.sql.delta.NoOpTransactionExecutionObserver$;
import org.apache.spark.sql.delta.OptimisticTransaction;
import org.apache.spark.sql.delta.TransactionExecutionObserver;
import org.apache.spark.sql.delta.actions.CommitInfo;
import scala.Function0;
import scala.Option;

/**
 * Notes the first transaction that a thread begins on a Delta table while it is the thread's observer: that of a
 * statement; later ones are of what follows it by itself, such as a compaction.
 */
final class FirstTransaction implements TransactionExecutionObserver {
  private OptimisticTransaction first;
  private Option<TransactionExecutionObserver> next = Option.empty();

  /** What the transaction has committed; empty if nothing was to be committed. */
  Option<CommitInfo> commit() {
    return first == null ? Option.empty() : Option.apply(first.getCommitInfo());
  }

  @Override
  public OptimisticTransaction startingTransaction(Function0<OptimisticTransaction> start) {
    OptimisticTransaction started = start.apply();
    first = first == null ? started : first;
    return started;
  }

  @Override
  public <T> T preparingCommit(Function0<T> prepare) {
    return prepare.apply();
  }

  @Override
  public TransactionExecutionObserver createChild() {
    return NoOpTransactionExecutionObserver$.MODULE$;
  }

  @Override
  public void beginDoCommit() {}

  @Override
  public void beginBackfill() {}

  @Override
  public void beginPostCommit() {}

  @Override
  public void transactionCommitted() {}

  @Override
  public void transactionAborted() {}

  @Override
  public Option<TransactionExecutionObserver> nextObserver() {
    return next;
  }

  @Override
  public void nextObserver_$eq(Option<TransactionExecutionObserver> observer) {
    next = observer;
  }
}
