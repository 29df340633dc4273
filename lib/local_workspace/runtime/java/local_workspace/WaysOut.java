package local_workspace;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.spark.connect.proto.SQL;
import org.apache.spark.connect.proto.SqlCommand;
import org.sparkproject.connect.protobuf.Message;

/**
 * What to do instead of what open Spark lacks: the sentences of ways_out.json.
 *
 * <p>Its `unknown` is found in the messages about a statement, a clause or a function that Spark doesn't have. Of
 * `ways_out`, the first pattern that is found in the statement, or else in the message, in letters of any case, has the
 * sentence.
 */
final class WaysOut {
  /** The JVM's property with the path of the file. */
  static final String FILE = "local_workspace.ways_out";

  private static final int REMEMBERED = 100;
  private static final WaysOut TABLE = read();

  /** The sentences of errors whose details a client has yet to fetch, by the ids of the errors. */
  private static final Map<String, String> BY_ERROR = Collections.synchronizedMap(new LinkedHashMap<>() {
    @Override
    protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
      return size() > REMEMBERED;
    }
  });

  private final Pattern unknown;
  private final Map<Pattern, String> ways = new LinkedHashMap<>();

  private WaysOut(Content content) {
    unknown = Pattern.compile(content.unknown());
    content.ways_out().forEach((pattern, way) -> ways.put(Pattern.compile(pattern, Pattern.CASE_INSENSITIVE), way));
  }

  private record Content(String unknown, LinkedHashMap<String, String> ways_out) {}

  private static WaysOut read() {
    try {
      return new WaysOut(new ObjectMapper().readValue(Files.readString(Path.of(System.getProperty(FILE))), Content.class));
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** The sentence for the error with which a request ended; an empty string if there is none. */
  static String of(Message request, String error) {
    if (request == null || !TABLE.unknown.matcher(error).find()) {
      return "";
    }
    List<String> texts = statements(request);
    texts.add(error);
    return texts.stream().flatMap(
        text -> TABLE.ways.entrySet().stream().filter(way -> way.getKey().matcher(text).find()).map(Map.Entry::getValue))
        .findFirst().orElse("");
  }

  /** Keep a sentence until the details of its error are fetched. */
  static void remember(String error, String way) {
    BY_ERROR.put(error, way);
  }

  /** The sentence that was kept; an empty string if there is none. */
  static String recall(String error) {
    String way = BY_ERROR.remove(error);
    return way == null ? "" : way;
  }

  /** A message with a sentence behind it. */
  static String add(String message, String way) {
    return way.isEmpty() || message.contains(way) ? message : message.stripTrailing() + "\n\n" + way;
  }

  private static List<String> statements(Message message) {
    List<String> found = new ArrayList<>();
    if (message instanceof SQL sql) {
      found.add(sql.getQuery());
    } else if (message instanceof SqlCommand command) {
      found.add(command.getSql());
    }
    for (Object value : message.getAllFields().values()) {
      for (Object part : value instanceof List<?> list ? list : List.of(value)) {
        if (part instanceof Message inner) {
          found.addAll(statements(inner));
        }
      }
    }
    return found;
  }
}
