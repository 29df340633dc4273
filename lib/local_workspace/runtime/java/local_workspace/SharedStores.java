package local_workspace;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.apache.hadoop.hive.metastore.HiveMetaStore.HMSHandler;
import org.apache.hadoop.hive.metastore.IMetaStoreClient;
import org.apache.hadoop.hive.metastore.RawStore;
import org.apache.hadoop.hive.metastore.api.MetaException;
import org.apache.hadoop.hive.metastore.api.NoSuchObjectException;
import org.apache.hadoop.hive.ql.metadata.Hive;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.catalog.ExternalCatalogWithListener;
import org.apache.spark.sql.hive.HiveExternalCatalog;
import org.apache.spark.sql.hive.client.HiveClientImpl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.runtime.AbstractFunction0;

/**
 * Lends the metastore's stores to the threads that call it, each for one call.
 *
 * <p>Hive makes a store, its connection to the database, for each thread, and parses Hadoop's settings for it again, which
 * takes longer than a call. Spark Connect has a thread for each statement. A call begins and ends its own transaction, so
 * a store keeps nothing from one call to the next; one whose call has failed is closed, as nobody knows what it keeps.
 */
final class SharedStores {
  private static final Logger LOG = LoggerFactory.getLogger(SharedStores.class);
  private static final ConcurrentLinkedDeque<RawStore> IDLE = new ConcurrentLinkedDeque<>();
  private static volatile boolean isShared;

  private SharedStores() {}

  /** Let the threads that call the metastore of `session`, the only one of this server, share stores from now on. */
  static void share(SparkSession session) {
    if (!isShared) {
      share(((org.apache.spark.sql.classic.SparkSession) session).sharedState().externalCatalog());
    }
  }

  private static void share(ExternalCatalogWithListener catalog) {
    HiveClientImpl client = (HiveClientImpl) ((HiveExternalCatalog) catalog.unwrapped()).client();
    client.withHiveState(new AbstractFunction0<Void>() {
      @Override
      public Void apply() { // one thread at a time
        if (!isShared) {
          replace(HiveClientImpl.getHive(client.conf()));
          isShared = true;
        }
        return null;
      }
    });
  }

  /** Put a client that lends stores before that of `hive`. */
  @SuppressWarnings("unchecked")
  private static void replace(Hive hive) {
    try {
      ThreadLocal<RawStore> ofThread = (ThreadLocal<RawStore>) field(HMSHandler.class, "threadLocalMS").get(null);
      IMetaStoreClient client = hive.getMSC();
      Object lending = Proxy.newProxyInstance(
          IMetaStoreClient.class.getClassLoader(), new Class<?>[] {IMetaStoreClient.class},
          (proxy, method, arguments) -> call(ofThread, client, method, arguments));
      field(Hive.class, "metaStoreClient").set(hive, lending);
    } catch (ReflectiveOperationException | MetaException error) {
      throw new IllegalStateException(error);
    }
  }

  private static Field field(Class<?> holder, String name) throws NoSuchFieldException {
    Field field = holder.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  private static Object call(ThreadLocal<RawStore> ofThread, IMetaStoreClient client, Method method, Object[] arguments)
      throws Throwable {
    if (ofThread.get() != null) { // its own, from before
      return invoke(client, method, arguments);
    }
    RawStore lent = IDLE.poll();
    if (lent != null) {
      ofThread.set(lent);
    }
    boolean isClean = false;
    try {
      Object answer = invoke(client, method, arguments);
      isClean = true;
      return answer;
    } catch (NoSuchObjectException missing) { // an answer too
      isClean = true;
      throw missing;
    } finally {
      giveBack(ofThread, isClean);
    }
  }

  private static void giveBack(ThreadLocal<RawStore> ofThread, boolean isClean) {
    RawStore used = ofThread.get();
    if (used == null) {
      return; // the call needed none
    }
    ofThread.remove();
    if (isClean) {
      IDLE.push(used);
      return;
    }
    try {
      used.shutdown();
    } catch (RuntimeException inTransaction) { // the caller gets the error of its call, which came before
      LOG.warn("a store of the metastore was not closed", inTransaction);
    }
  }

  private static Object invoke(IMetaStoreClient client, Method method, Object[] arguments) throws Throwable {
    try {
      return method.invoke(client, arguments);
    } catch (InvocationTargetException error) {
      throw error.getCause();
    }
  }
}
