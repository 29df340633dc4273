package local_workspace;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.sql.connect.service.SparkConnectService$;

/**
 * Gives the memory of a server that has nothing to do back to the machine: Java's serial collector does that only in a
 * full collection, and a server that does nothing has none.
 *
 * <p>A collection stops all threads for as long as it takes to walk through what lives, so there is one only once no
 * statement and no job runs and hardly anything was allocated for a while, and only if the heap has grown since the last.
 * A server that works keeps more free room than one that waits, else it would collect all the time.
 */
public final class QuietCollection implements SparkPlugin {
  /** The JVM's property with the seconds that a server has to be quiet. */
  static final String SECONDS = "local_workspace.quiet.seconds";

  /** Less is not worth a collection: bytes that the heap has grown. */
  private static final long LEAST_GROWN = 256L << 20;

  /** More is allocated by somebody who works: bytes in the seconds of quiet. A server without clients needs a tenth. */
  private static final long MOST_ALLOCATED = 16L << 20;

  /** How much of the heap may be free after a collection, in per cent: the JVM's option, and its value here. */
  private static final String MOST_FREE = "MaxHeapFreeRatio";

  private static final String MOST_FREE_IN_QUIET = "20";

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      private Thread watch;

      @Override
      public Map<String, String> init(SparkContext context, PluginContext plugin) {
        watch = new Thread(() -> watch(context), "quiet-collection");
        watch.setDaemon(true);
        watch.start();
        return Map.of();
      }

      @Override
      public void shutdown() {
        watch.interrupt();
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return null; // there is only the driver
  }

  private static void watch(SparkContext context) {
    long pause = 1000L * Long.getLong(SECONDS);
    long heap = 0; // its size after the last collection here
    long allocated = allocated();
    try {
      while (true) {
        Thread.sleep(pause);
        long before = allocated;
        allocated = allocated();
        boolean isQuiet = allocated - before <= MOST_ALLOCATED && !isBusy(context);
        if (isQuiet && heap() - heap > LEAST_GROWN) {
          collect();
          heap = heap();
        }
      }
    } catch (InterruptedException ended) {
      Thread.currentThread().interrupt();
    }
  }

  private static void collect() {
    var machine = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
    String atWork = machine.getVMOption(MOST_FREE).getValue();
    machine.setVMOption(MOST_FREE, MOST_FREE_IN_QUIET);
    System.gc();
    machine.setVMOption(MOST_FREE, atWork);
  }

  private static boolean isBusy(SparkContext context) {
    return SparkConnectService$.MODULE$.executionManager().listActiveExecutions().isRight()
        || context.statusTracker().getActiveJobIds().length > 0;
  }

  /** The bytes that all threads have allocated until now. */
  private static long allocated() {
    return ((ThreadMXBean) ManagementFactory.getThreadMXBean()).getTotalThreadAllocatedBytes();
  }

  /** The bytes that the heap takes of the machine's memory. */
  private static long heap() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getCommitted();
  }
}
