package local_workspace;

import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import org.apache.spark.sql.delta.Snapshot;
import org.apache.spark.sql.delta.VersionChecksum;
import org.apache.spark.sql.delta.actions.AddFile;
import org.apache.spark.sql.delta.actions.Metadata;
import org.apache.spark.sql.delta.files.TahoeBatchFileIndex;
import org.apache.spark.sql.delta.files.TahoeFileIndex;
import org.apache.spark.sql.delta.files.TahoeFileIndexWithSnapshotDescriptor;
import org.apache.spark.sql.delta.files.TahoeLogFileIndex;
import org.apache.spark.sql.execution.datasources.FileIndex;
import org.apache.spark.sql.execution.datasources.HadoopFsRelation;
import org.apache.spark.sql.execution.datasources.LogicalRelation;
import scala.Function1;
import scala.Option;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;
import scala.runtime.AbstractPartialFunction;

/**
 * Finds a Delta table's files without a Spark job where there is nothing to choose: a query reads all files of a version
 * of a table that has no partitions, as long as none is skipped by its statistics. Delta Lake starts a job for each scan,
 * which takes longer than the scan of a small table.
 */
final class KnownFiles extends Rule<LogicalPlan> {
  /** The files of versions that a job has listed, as long as Delta Lake keeps these. */
  private static final Map<Snapshot, Seq<AddFile>> OF_VERSIONS = Collections.synchronizedMap(new WeakHashMap<>());

  @Override
  public LogicalPlan apply(LogicalPlan plan) {
    return plan.transformUp(new Change());
  }

  private static boolean isKnown(FileIndex index) {
    return index.getClass() == TahoeLogFileIndex.class || index.getClass() == TahoeBatchFileIndex.class;
  }

  /** All files of a version: as long as they are few, Delta Lake writes them into the version's checksum. */
  @SuppressWarnings("unchecked")
  private static Seq<AddFile> files(Snapshot version) {
    Option<VersionChecksum> checksum = version.checksumOpt();
    if (checksum.isDefined() && checksum.get().allFiles().isDefined()) {
      return checksum.get().allFiles().get();
    }
    Seq<AddFile> known = OF_VERSIONS.get(version);
    if (known == null) { // asked for without a lock on the others: it takes a job
      known = version.filesForScan((Seq<Expression>) (Seq<?>) Nil$.MODULE$, false).files();
      OF_VERSIONS.put(version, known);
    }
    return known;
  }

  private static boolean isPartitioned(Metadata table) {
    return table.partitionSchema().fields().length > 0;
  }

  /** Puts an index that knows its files into each scan of a Delta table. */
  private static final class Change extends AbstractPartialFunction<LogicalPlan, LogicalPlan> {
    @Override
    public boolean isDefinedAt(LogicalPlan plan) {
      return plan instanceof LogicalRelation scan && scan.relation() instanceof HadoopFsRelation files
          && isKnown(files.location());
    }

    @Override
    @SuppressWarnings("unchecked")
    public <A1 extends LogicalPlan, B1> B1 applyOrElse(A1 plan, Function1<A1, B1> otherwise) {
      if (!isDefinedAt(plan)) {
        return otherwise.apply(plan);
      }
      LogicalRelation scan = (LogicalRelation) (LogicalPlan) plan;
      HadoopFsRelation files = (HadoopFsRelation) scan.relation();
      FileIndex known = new PreparedDeltaFileIndex((TahoeFileIndex) files.location());
      HadoopFsRelation changed = files.copy(
          known, files.partitionSchema(), files.dataSchema(), files.bucketSpec(), files.fileFormat(), files.options(),
          files.sparkSession());
      return (B1) scan.copy(changed, scan.output(), scan.catalogTable(), scan.isStreaming(), scan.stream());
    }
  }

  /** Delta Lake's index, but for the files. EXPLAIN shows the name of this class, as on Databricks. */
  private static final class PreparedDeltaFileIndex extends TahoeFileIndexWithSnapshotDescriptor {
    private final TahoeFileIndex index;

    PreparedDeltaFileIndex(TahoeFileIndex index) {
      super(index.spark(), index.deltaLog(), index.path(), index);
      this.index = index;
    }

    @Override
    public Seq<AddFile> matchingFiles(Seq<Expression> partitionFilters, Seq<Expression> dataFilters) {
      if (index instanceof TahoeBatchFileIndex batch && !isPartitioned(batch.metadata())) {
        return batch.addFiles();
      }
      if (index instanceof TahoeLogFileIndex log) {
        Snapshot version = log.getSnapshot();
        if (!isPartitioned(version.metadata())) {
          return files(version);
        }
      }
      return index.matchingFiles(partitionFilters, dataFilters);
    }

    @Override
    public String[] inputFiles() {
      return index.inputFiles();
    }

    @Override
    public void refresh() {
      index.refresh();
    }

    @Override
    public long sizeInBytes() {
      return index.sizeInBytes();
    }

    /** Spark reads once what two scans find by equal indexes. */
    @Override
    public boolean equals(Object other) {
      return other instanceof PreparedDeltaFileIndex prepared && prepared.index.equals(index);
    }

    @Override
    public int hashCode() {
      return index.hashCode();
    }
  }
}
