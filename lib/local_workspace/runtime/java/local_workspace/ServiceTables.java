package local_workspace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/** What the workspace's service reads of schemas, tables and functions to answer Unity Catalog's API: JSON documents. */
final class ServiceTables {
  static final String NAME = "local_workspace";

  private static final String COLUMNS = "schema STRING, name STRING, document STRING";
  private static final ObjectMapper JSON = new ObjectMapper();

  static final Map<String, MetadataTable> TABLES = Map.of(
      "schemas", new MetadataTable(NAME + ".schemas", "name STRING, document STRING",
          wanted -> Metastore.active().schemas(wanted.get("name")).map(schema -> new Object[] {schema.name(), json(schema)})),
      "relations", new MetadataTable(NAME + ".relations", COLUMNS,
          wanted -> Metastore.active().relations(wanted.get("schema"), wanted.get("name"))
              .map(relation -> new Object[] {relation.schema(), relation.name(), json(relation)})),
      "routines", new MetadataTable(NAME + ".routines", COLUMNS,
          wanted -> Metastore.active().routines(wanted.get("schema"), wanted.get("name"))
              .map(routine -> new Object[] {routine.schema(), routine.name(), json(routine)})));

  private ServiceTables() {}

  private static String json(Object record) {
    try {
      return JSON.writeValueAsString(record);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }
}
