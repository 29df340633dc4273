package local_workspace;

import java.util.Set;
import org.apache.spark.connect.proto.FetchErrorDetailsResponse;

/** The causes of errors that only say where something went wrong, such as TASK_WRITE_FAILED. */
final class Causes {
  private static final Set<String> SAY_WHERE = Set.of(
      "TASK_WRITE_FAILED", "WRITING_JOB_ABORTED", "FAILED_READ_FILE", "FAILED_TO_CREATE_PLAN_FOR_DIRECT_QUERY");

  private Causes() {}

  /** The message of the root error; behind it those of its causes that it lacks, down to the first that says what is wrong. */
  static String add(FetchErrorDetailsResponse details) {
    var error = details.getErrors(details.getRootErrorIdx());
    StringBuilder message = new StringBuilder(error.getMessage());
    while (saysWhere(error) && error.hasCauseIdx()) {
      error = details.getErrors(error.getCauseIdx());
      if (message.indexOf(error.getMessage()) < 0) {
        message.append("\nCaused by: ").append(error.getMessage());
      }
    }
    return message.toString();
  }

  private static boolean saysWhere(FetchErrorDetailsResponse.Error error) {
    return SAY_WHERE.contains(error.getSparkThrowable().getErrorClass().split("\\.")[0]);
  }
}
