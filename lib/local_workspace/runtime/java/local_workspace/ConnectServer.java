package local_workspace;

import org.apache.spark.sql.connect.service.SparkConnectServer;
import org.apache.spark.sql.classic.SparkSession;

/**
 * Starts Spark's Connect server so that a session has a class loader of its own only once its client has added something.
 *
 * <p>Spark's own main class gives one to every session (`spark.sql.artifact.isolation.alwaysApplyClassloader`), whose
 * threads then share no compiled classes: see SharedClasses. But new sessions have the settings of the first one, and that
 * is made here.
 */
public final class ConnectServer {
  private ConnectServer() {}

  /** Starts the server, and returns when it has ended. */
  public static void main(String[] arguments) {
    SparkSession.builder().getOrCreate();
    SparkConnectServer.main(arguments);
  }
}
