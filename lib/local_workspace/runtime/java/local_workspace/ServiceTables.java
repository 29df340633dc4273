package local_workspace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.connect.service.SparkConnectService$;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What the workspace's service reads of schemas, tables and functions to answer Unity Catalog's API, as JSON documents,
 * and of Spark Connect's sessions and Spark's jobs.
 */
final class ServiceTables {
  static final String NAME = "local_workspace";

  private static final String COLUMNS = "schema STRING, name STRING, document STRING";
  private static final ObjectMapper JSON = new ObjectMapper();

  static final Map<String, MetadataTable> TABLES = Map.of(
      "jobs", new MetadataTable(NAME + ".jobs", "id INT", wanted -> jobs()),
      "sessions", new MetadataTable(NAME + ".sessions", "user STRING, session STRING", wanted -> sessions()),
      "schemas", new MetadataTable(NAME + ".schemas", "name STRING, document STRING",
          wanted -> Metastore.active().schemas(wanted.get("name")).map(schema -> new Object[] {schema.name(), json(schema)})),
      "relations", new MetadataTable(NAME + ".relations", COLUMNS,
          wanted -> Stream.concat(Metastore.active().relations(wanted.get("schema"), wanted.get("name")), InformationSchema.relations())
              .map(relation -> new Object[] {relation.schema(), relation.name(), json(relation)})),
      "routines", new MetadataTable(NAME + ".routines", COLUMNS,
          wanted -> Metastore.active().routines(wanted.get("schema"), wanted.get("name"))
              .map(routine -> new Object[] {routine.schema(), routine.name(), json(routine)})));

  private ServiceTables() {}

  /** The sessions of Spark Connect's clients, by the names of their users. */
  private static Stream<Object[]> sessions() {
    return CollectionConverters.asJava(SparkConnectService$.MODULE$.sessionManager().listActiveSessions()).stream()
        .map(session -> new Object[] {session.userId(), session.sessionId()});
  }

  /** The ids of Spark's jobs that run now. */
  private static Stream<Object[]> jobs() {
    SparkSession session = (SparkSession) SparkSession.active();
    return IntStream.of(session.sparkContext().statusTracker().getActiveJobIds()).mapToObj(id -> new Object[] {id});
  }

  private static String json(Object record) {
    try {
      return JSON.writeValueAsString(record);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
