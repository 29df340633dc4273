package local_workspace;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.execution.streaming.checkpointing.CheckpointFileManager;

/**
 * When the batches of a stream were processed, beside their files in its checkpoint.
 *
 * <p>A line `batch time` says that this batch and those before it were processed by then (ms since 1970). Batches that lie
 * close together share a line, with the later time: it is never too early. The first line has the last batch whose files
 * have been cleaned up.
 */
final class ProcessedTimes {
  private static final int LINES = 100;
  private static final String NAME = "processed_times";

  private record Line(long batch, long time) {}

  private final CheckpointFileManager files;
  private final Path file;
  private final long retention;
  private final List<Line> lines = new ArrayList<>();
  private long cleaned = -1;

  ProcessedTimes(Path folder, Configuration configuration, Duration retention) {
    file = new Path(folder, NAME);
    files = CheckpointFileManager.create(folder, configuration);
    this.retention = retention.toMillis();
  }

  /** Note that batches up to `batch` have been processed `now`. */
  void add(long batch, long now) throws IOException {
    read();
    int last = lines.size() - 1;
    if (last >= 0 && lines.get(last).batch() >= batch) {
      return;
    }
    if (last >= 1 && now - lines.get(last - 1).time() < retention / LINES) {
      lines.remove(last);
    }
    lines.add(new Line(batch, now));
    write();
  }

  /** The last batch that was processed the whole retention ago; -1 if there is none. */
  long oldest(long now) {
    return lines.stream().filter(line -> line.time() <= now - retention).mapToLong(Line::batch).max().orElse(-1);
  }

  /** The last batch whose files have been cleaned up; -1 if there is none. */
  long cleaned() {
    return cleaned;
  }

  /** Note that the files of the batches up to `batch` have been cleaned up. */
  void clean(long batch) throws IOException {
    cleaned = batch;
    lines.removeIf(line -> line.batch() <= batch);
    write();
  }

  private void read() throws IOException {
    if (!lines.isEmpty() || cleaned >= 0 || !files.exists(file)) {
      return;
    }
    try (InputStream stream = files.open(file)) {
      String[] text = new String(stream.readAllBytes(), StandardCharsets.UTF_8).split("\n");
      cleaned = Long.parseLong(text[0]);
      for (int each = 1; each < text.length; each++) {
        String[] words = text[each].split(" ");
        lines.add(new Line(Long.parseLong(words[0]), Long.parseLong(words[1])));
      }
    }
  }

  private void write() throws IOException {
    StringBuilder text = new StringBuilder().append(cleaned);
    lines.forEach(line -> text.append('\n').append(line.batch()).append(' ').append(line.time()));
    CheckpointFileManager.CancellableFSDataOutputStream stream = files.createAtomic(file, true);
    try {
      stream.write(text.toString().getBytes(StandardCharsets.UTF_8));
      stream.close();
    } catch (IOException error) {
      stream.cancel();
      throw error;
    }
  }
}
