package local_workspace;

import org.apache.hadoop.hive.ql.metadata.HiveException;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalog;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.apache.spark.sql.hive.HiveExternalCatalog;
import org.apache.spark.sql.hive.client.HiveClientImpl;
import scala.runtime.AbstractFunction0;

/** When functions were made: Hive's metastore knows, but Spark's classes for functions have no place for it. */
final class CreationTimes {
  private CreationTimes() {}

  /** Seconds since 1970. */
  static int ofFunction(ExternalCatalog catalog, String schema, String name) {
    HiveExternalCatalog hive = (HiveExternalCatalog) ((ExternalCatalogWithListener) catalog).unwrapped();
    HiveClientImpl client = (HiveClientImpl) hive.client();
    return client.withHiveState(new AbstractFunction0<Integer>() {
      @Override
      public Integer apply() {
        try {
          return HiveClientImpl.getHive(client.conf()).getFunction(schema, name).getCreateTime();
        } catch (HiveException error) {
          throw new IllegalStateException(error);
        }
      }
    });
  }
}
