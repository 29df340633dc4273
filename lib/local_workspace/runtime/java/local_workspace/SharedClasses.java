package local_workspace;

import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.executor.ExecutorClassLoader;
import org.apache.spark.sql.artifact.ArtifactManager$;

/**
 * Lets the tasks of all sessions share the classes that Spark generates and compiles for queries.
 *
 * <p>Spark keeps what it has compiled by its text and by the class loader of the task that needs it (SPARK-44795). Each
 * session has a loader of its own, for the jars and classes that its client may add, and so has each start of a stream:
 * every one of them would compile all its queries again. Tasks of a session to which nothing was added get the server's
 * loader instead.
 */
public final class SharedClasses implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return null; // threads that run no tasks share theirs: see ConnectServer
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      private ClassLoader shared;

      @Override
      public void init(PluginContext context, Map<String, String> settings) {
        shared = Thread.currentThread().getContextClassLoader();
      }

      @Override
      public void onTaskStart() {
        Thread task = Thread.currentThread(); // Spark sets its loader before each task
        if (task.getContextClassLoader() instanceof ExecutorClassLoader own && !hasAdded(own)) {
          task.setContextClassLoader(shared);
        }
      }
    };
  }

  /** Whether a client has added jars, files or classes to the session with this loader. */
  private static boolean hasAdded(ExecutorClassLoader session) {
    if (!(session.parentLoader().getParent() instanceof URLClassLoader jars) || jars.getURLs().length > 0) {
      return true;
    }
    Path classes = Path.of(session.directory()); // /artifacts/ID OF THE SESSION/classes, as Spark's file server names it
    Path artifacts = ArtifactManager$.MODULE$.artifactRootDirectory().resolve(classes.getName(1));
    return Files.exists(artifacts);
  }
}
