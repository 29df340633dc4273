package local_workspace;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.streaming.Offset;
import org.apache.spark.sql.execution.streaming.runtime.FileStreamSource;
import org.apache.spark.sql.execution.streaming.runtime.FileStreamSourceLog;
import org.apache.spark.sql.execution.streaming.runtime.FileStreamSourceOffset$;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A stream of files that moves or deletes them once they were processed so long ago. */
final class CloudFilesSource extends FileStreamSource {
  private static final Logger LOG = LoggerFactory.getLogger(CloudFilesSource.class);

  private final CloudFilesOptions options;
  private final Configuration configuration;
  private final FileStreamSourceLog processed;
  private final ProcessedTimes times;

  CloudFilesSource(SparkSession session, CloudFilesOptions options, StructType schema, String metadataPath) {
    super(session, options.path(), options.format(), schema, scala.collection.immutable.List$.MODULE$.empty(), metadataPath,
        options.forSpark());
    this.options = options;
    configuration = session.sessionState().newHadoopConf();
    processed = new FileStreamSourceLog(FileStreamSourceLog.VERSION(), session, metadataPath);
    times = new ProcessedTimes(new Path(metadataPath), configuration, options.retention());
  }

  @Override
  public void commit(Offset end) {
    super.commit(end);
    if (options.clean() == CloudFilesOptions.Clean.OFF) {
      return;
    }
    try {
      long now = System.currentTimeMillis();
      times.add(FileStreamSourceOffset$.MODULE$.apply(end).logOffset(), now);
      long last = times.oldest(now);
      if (last > times.cleaned() && clean(times.cleaned(), last)) {
        times.clean(last);
      }
    } catch (IOException error) { // as on Databricks, cleaning is done as far as it can be: the data come first
      LOG.warn("The files of {} could not be cleaned up; the next batch tries again.", options.path(), error);
    }
  }

  /** Move or delete the files of the batches after `cleaned` up to `last`; whether all of them are gone. */
  private boolean clean(long cleaned, long last) throws IOException {
    boolean all = true;
    for (Object each : (Object[]) processed.allFiles()) {
      FileEntry entry = (FileEntry) each;
      if (entry.batchId() > cleaned && entry.batchId() <= last) {
        all &= remove(entry.sparkPath().toPath(), entry.timestamp());
      }
    }
    return all;
  }

  private boolean remove(Path file, long modified) throws IOException {
    FileSystem files = file.getFileSystem(configuration);
    if (!files.exists(file)) {
      return true;
    }
    if (files.getFileStatus(file).getModificationTime() != modified) {
      LOG.warn("{} was written again after it had been read: it stays.", file);
      return true;
    }
    if (options.clean() == CloudFilesOptions.Clean.DELETE) {
      return files.delete(file, false);
    }
    Path source = files.makeQualified(new Path(options.path()));
    Path target = new Path(options.destination(), source.toUri().relativize(file.toUri()).getPath());
    files.mkdirs(target.getParent());
    return files.rename(file, target);
  }
}
