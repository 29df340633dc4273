package local_workspace;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * What the workspace's service keeps of the catalog outside of Spark's metastore: it writes the file at each change.
 *
 * <p>Models are given by their full names.
 */
record Notes(
    String user, String user_id, Entry catalog, List<Entry> volumes, List<String> models, List<Owner> owners, List<Grant> grants) {
  /** The JVM's property with the path of the file, which is missing before there is a catalog. */
  static final String FILE = "local_workspace.catalog.notes";

  private static final ObjectMapper JSON =
      new ObjectMapper().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);

  /** The catalog or a volume; times in milliseconds since 1970. */
  record Entry(
      String name, String schema_name, String comment, String owner, long created_at, String created_by, long updated_at,
      String updated_by, String volume_type, String storage_location) {}

  /** A privilege that a principal was given on something of a kind, such as a schema, that was made at a time. */
  record Grant(String kind, String full_name, long created_at, String principal, String privilege) {}

  /** To whom something of a kind was given that was made at a time. */
  record Owner(String kind, String full_name, long created_at, String owner) {}

  static Notes read() {
    try {
      return JSON.readValue(Files.readString(Path.of(System.getProperty(FILE))), Notes.class);
    } catch (NoSuchFileException missing) {
      return new Notes("", "", null, List.of(), List.of(), List.of(), List.of());
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  /** The volumes and models of a schema, by their names. */
  Stream<String> filesOf(String schema) {
    return Stream.concat(
        volumes.stream().filter(volume -> volume.schema_name().equals(schema)).map(Entry::name),
        models.stream().map(model -> model.split("\\.")).filter(name -> name[1].equals(schema)).map(name -> name[2]));
  }

  /** The owner of something that was made at `created`; the user, unless it was given to another since. */
  String owner(String kind, String fullName, long created) {
    return owners.stream()
        .filter(given -> given.kind().equals(kind) && given.full_name().equals(fullName) && given.created_at() == created)
        .map(Owner::owner).findFirst().orElse(user);
  }
}
