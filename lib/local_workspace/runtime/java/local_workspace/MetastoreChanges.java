package local_workspace;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.spark.sql.catalyst.catalog.DatabaseEvent;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEvent;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEventListener;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.apache.spark.sql.catalyst.catalog.FunctionEvent;
import org.apache.spark.sql.catalyst.catalog.TableEvent;

/**
 * Counts the changes of the metastore, in a file that the workspace's service reads: what it keeps of the metastore is
 * out of date once the count is another one.
 *
 * <p>A statement ends after its change has been counted, so whoever made a change never reads what was before it.
 */
final class MetastoreChanges implements ExternalCatalogEventListener {
  /** The JVM's property with the path of the file, which is missing until this server counts. */
  static final String FILE = "local_workspace.metastore.changes";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final MetastoreChanges ONLY = new MetastoreChanges();

  /** The counts by schema, of each of the service's tables of documents. */
  private final Map<String, Map<String, Integer>> counts =
      new TreeMap<>(Map.of("schemas", new TreeMap<>(), "relations", new TreeMap<>(), "routines", new TreeMap<>()));

  private final String server = UUID.randomUUID().toString();
  private boolean isCounting;

  private MetastoreChanges() {}

  /** Count the changes of `catalog`, the only one of this server, from now on. */
  static void count(ExternalCatalog catalog) {
    ONLY.begin((ExternalCatalogWithListener) catalog);
  }

  private synchronized void begin(ExternalCatalogWithListener catalog) {
    if (!isCounting) {
      catalog.addListener(this);
      write();
      isCounting = true;
    }
  }

  @Override
  public synchronized void onEvent(ExternalCatalogEvent event) {
    if (event instanceof DatabaseEvent change) {
      for (String table : changed(change)) {
        counts.get(table).merge(change.database().toLowerCase(), 1, Integer::sum);
      }
      write();
    }
  }

  /** The tables of documents that are other ones after a change. */
  private static List<String> changed(DatabaseEvent change) {
    if (change instanceof TableEvent) {
      return List.of("relations");
    }
    return change instanceof FunctionEvent ? List.of("routines") : List.of("schemas", "relations", "routines");
  }

  private void write() {
    Path file = Path.of(System.getProperty(FILE));
    try {
      Path whole = file.resolveSibling(file.getFileName() + ".new");
      JSON.writeValue(whole.toFile(), Map.of("server", server, "counts", counts));
      Files.move(whole, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException error) {
      file.toFile().delete(); // nothing is kept without the file
      throw new UncheckedIOException(error);
    }
  }
}
