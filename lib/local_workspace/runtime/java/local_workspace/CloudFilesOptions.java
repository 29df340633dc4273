package local_workspace;

import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.util.CaseInsensitiveMap;
import org.apache.spark.sql.catalyst.util.IntervalUtils;
import org.apache.spark.unsafe.types.CalendarInterval;
import org.apache.spark.unsafe.types.UTF8String;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The options of a stream of Auto Loader, checked: those that are done here, those that Databricks has besides, others.
 *
 * <p>Names and defaults: https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/options and
 * https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/clean-source.
 */
final class CloudFilesOptions {
  /** What becomes of files a while after they were processed. */
  enum Clean { OFF, MOVE, DELETE }

  private static final String PREFIX = "cloudfiles.";
  private static final Set<String> FORMATS = Set.of("binaryfile", "csv", "json", "orc", "parquet", "text", "xml");
  private static final Set<String> DONE = Set.of(
      "format", "maxfilespertrigger", "maxbytespertrigger", "validateoptions", "cleansource", "cleansource.retentionduration",
      "cleansource.movedestination", "schemalocation");
  /** With its value, one that changes nothing of what is done here. */
  private static final java.util.Map<String, String> AS_DONE = java.util.Map.of(
      "includeexistingfiles", "true", "allowoverwrites", "false", "usenotifications", "false", "usemanagedfileevents", "false",
      "schemaevolutionmode", "none");
  private static final Set<String> DATABRICKS_ONLY = Set.of(
      "backfillinterval", "cleansource.waitforcompletion", "fetchparallelism", "infercolumntypes", "listonstart", "maxfileage",
      "partitioncolumns", "resourcetag", "schemahints", "usestrictglobber", "useincrementallisting", "pathrewrites", "queuename",
      "queueurl", "region", "subscription", "resourcegroup");
  private static final String MAX_FILES = "1000";
  private static final String EVER = "36500d";
  private static final Duration LEAST_DELETED = Duration.ofDays(7);

  private final TreeMap<String, String> given = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

  /** Throws IllegalArgumentException for options that can't be done. */
  CloudFilesOptions(scala.collection.immutable.Map<String, String> options) {
    given.putAll(CollectionConverters.asJava(options instanceof CaseInsensitiveMap<String> named ? named.originalMap() : options));
    if (option("format") == null || given.get("path") == null) {
      throw new IllegalArgumentException("[CF_INCORRECT_STREAM_USAGE] To use 'cloudFiles' as a streaming source, please provide the"
          + " file format with the option 'cloudFiles.format', and use .load() to create your DataFrame.");
    }
    checkNames();
    if (!FORMATS.contains(format())) {
      refuse("cloudFiles.format '" + option("format") + "'", "use " + String.join(", ", new TreeSet<>(FORMATS)));
    }
    if (option("maxFilesPerTrigger") != null && option("maxBytesPerTrigger") != null) {
      refuse("cloudFiles.maxFilesPerTrigger together with cloudFiles.maxBytesPerTrigger", "give one of them");
    }
    checkCleaning();
  }

  /** The files' format, in small letters. */
  String format() {
    return option("format").toLowerCase(Locale.ROOT);
  }

  /** The directory that is read, with all that are in it. */
  String path() {
    return given.get("path");
  }

  Clean clean() {
    String mode = option("cleanSource");
    return mode == null ? Clean.OFF : Clean.valueOf(mode.toUpperCase(Locale.ROOT));
  }

  /** How long a file stays after it was processed. */
  Duration retention() {
    String text = option("cleanSource.retentionDuration");
    CalendarInterval interval = IntervalUtils.safeStringToInterval(UTF8String.fromString(text == null ? "30 days" : text));
    if (interval == null) {
      throw new IllegalArgumentException(
          "cloudFiles.cleanSource.retentionDuration '" + text + "' is no interval: write it as '14 days' or '2 weeks'.");
    }
    return Duration.ofMillis(IntervalUtils.getDuration(interval, TimeUnit.MILLISECONDS, 31));
  }

  /** Where files are moved to. */
  Path destination() {
    return new Path(option("cleanSource.moveDestination"));
  }

  /** The options of Spark's own stream of files. */
  scala.collection.immutable.Map<String, String> forSpark() {
    java.util.Map<String, String> found = new java.util.HashMap<>();
    given.forEach((name, value) -> {
      if (!name.toLowerCase(Locale.ROOT).startsWith(PREFIX)) {
        found.put(name, value);
      }
    });
    found.put("recursiveFileLookup", "true");
    found.put("maxFileAge", EVER); // Spark would leave out files that are a week older than the newest
    if (option("maxBytesPerTrigger") != null) {
      found.put("maxBytesPerTrigger", option("maxBytesPerTrigger"));
    } else {
      found.put("maxFilesPerTrigger", option("maxFilesPerTrigger") == null ? MAX_FILES : option("maxFilesPerTrigger"));
    }
    return scala.collection.immutable.Map$.MODULE$.from(CollectionConverters.asScala(found));
  }

  private String option(String name) {
    return given.get(PREFIX + name);
  }

  private void checkNames() {
    TreeSet<String> unknown = new TreeSet<>();
    for (String name : given.keySet()) {
      String key = name.toLowerCase(Locale.ROOT);
      if (key.equals("rescueddatacolumn")) {
        refuse(name, "keep lines that don't fit with columnNameOfCorruptRecord");
      }
      if (!key.startsWith(PREFIX) || DONE.contains(key.substring(PREFIX.length()))) {
        continue;
      }
      key = key.substring(PREFIX.length());
      if (AS_DONE.containsKey(key)) {
        if (!AS_DONE.get(key).equalsIgnoreCase(given.get(name))) {
          refuse(name + " = " + given.get(name), "leave it out, which means " + AS_DONE.get(key));
        }
      } else if (DATABRICKS_ONLY.contains(key)) {
        refuse(name, "leave it out");
      } else {
        unknown.add(name);
      }
    }
    if (!unknown.isEmpty() && !"false".equalsIgnoreCase(option("validateOptions"))) {
      throw new IllegalArgumentException("[CF_UNKNOWN_OPTION_KEYS_ERROR] Found unknown option keys: " + String.join(", ", unknown)
          + ". Please make sure that all provided option keys are correct. If you want to skip the validation of your options and"
          + " ignore these unknown options, you can set: .option(\"cloudFiles.validateOptions\", \"false\")");
    }
  }

  private void checkCleaning() {
    String mode = option("cleanSource");
    if (mode != null && List.of(Clean.values()).stream().noneMatch(each -> each.name().equalsIgnoreCase(mode))) {
      throw new IllegalArgumentException("cloudFiles.cleanSource '" + mode + "' is none of OFF, MOVE, DELETE.");
    }
    if (clean() == Clean.DELETE && retention().compareTo(LEAST_DELETED) <= 0) {
      throw new IllegalArgumentException("cloudFiles.cleanSource.retentionDuration must be longer than 7 days for DELETE.");
    }
    if (clean() == Clean.MOVE) {
      checkDestination();
    }
  }

  private void checkDestination() {
    if (option("cleanSource.moveDestination") == null) {
      throw new IllegalArgumentException("cloudFiles.cleanSource MOVE needs cloudFiles.cleanSource.moveDestination.");
    }
    String source = folder(path());
    String target = folder(option("cleanSource.moveDestination"));
    if (target.startsWith(source)) {
      throw new IllegalArgumentException("cloudFiles.cleanSource.moveDestination '" + target + "' lies in the source directory '"
          + source + "', where its files would be read again: choose a directory outside it.");
    }
    if (!volume(source).equals(volume(target))) {
      throw new IllegalArgumentException("cloudFiles.cleanSource.moveDestination '" + target + "' must be in the volume of the"
          + " source directory '" + source + "'.");
    }
  }

  private static String folder(String path) {
    return new Path(path).toUri().getPath() + "/";
  }

  /** The volume of a path as /Volumes/catalog/schema/volume/; an empty text for a path outside of volumes. */
  private static String volume(String path) {
    String[] parts = path.split("/");
    return path.startsWith("/Volumes/") && parts.length >= 5 ? String.join("/", List.of(parts).subList(0, 5)) : "";
  }

  private static void refuse(String what, String instead) {
    throw new IllegalArgumentException("Auto Loader of a local workspace has no " + what + ": " + instead + ".");
  }
}
