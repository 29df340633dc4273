package local_workspace;

import org.apache.spark.sql.connect.service.SparkConnectServer;
import org.apache.spark.sql.classic.SparkSession;

/**
 * Spark's Connect server, whose sessions get the class loader of what their clients added only once they have added
 * something.
 *
 * <p>Spark's own main class sets `spark.sql.artifact.isolation.alwaysApplyClassloader` for all sessions, and so their
 * threads, too, would share no compiled classes: see SharedClasses. A session that is there already keeps its settings.
 */
public final class ConnectServer {
  private ConnectServer() {}

  /** Starts the server, and returns when it has ended. */
  public static void main(String[] arguments) {
    SparkSession.builder().getOrCreate();
    SparkConnectServer.main(arguments);
  }
}
