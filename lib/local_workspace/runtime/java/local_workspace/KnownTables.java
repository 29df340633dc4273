package local_workspace;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEvent;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogEventListener;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connector.catalog.Identifier;

/**
 * What the metastore says of tables and views, kept until anything in it changes.
 *
 * <p>A statement asks for each table that it names, and the metastore reads Hive's settings anew for each thread that
 * asks (`HiveMetaStore.HMSHandler.newRawStoreForConf`): every statement has its own.
 */
final class KnownTables implements ExternalCatalogEventListener {
  private static final KnownTables ONLY = new KnownTables();

  /** By the names as they were asked for, in whatever spelling. */
  private final Map<Identifier, CatalogTable> tables = new HashMap<>();

  private boolean isWatching;
  private long changes;

  private KnownTables() {}

  /** Those of this server's only metastore. */
  static KnownTables active() {
    ONLY.watch(((SparkSession) SparkSession.active()).sessionState().catalog().externalCatalog());
    return ONLY;
  }

  private synchronized void watch(ExternalCatalog catalog) {
    if (!isWatching) {
      ((ExternalCatalogWithListener) catalog).addListener(this);
      isWatching = true;
    }
  }

  /** The table `name`, or null if it has to be asked for. */
  synchronized CatalogTable get(Identifier name) {
    return tables.get(name);
  }

  /** How often the metastore has changed. */
  synchronized long changes() {
    return changes;
  }

  /** Keep a table, unless the metastore has changed since there had been `before` changes. */
  synchronized void keep(Identifier name, CatalogTable table, long before) {
    if (before == changes) {
      tables.put(name, table);
    }
  }

  /** A change is announced before it is made and after, so what was asked for meanwhile is not kept. */
  @Override
  public synchronized void onEvent(ExternalCatalogEvent event) {
    changes++;
    tables.clear();
  }
}
