package local_workspace;

import java.util.Map;

/**
 * The read-only catalog `samples`, which every Databricks workspace has. Of its tables there is `nyctaxi.trips`, with
 * invented rows (see {@link SampleTrips}).
 */
public final class SamplesCatalog extends ReadOnlyCatalog {
  public SamplesCatalog() {
    super("nyctaxi", "Invented taxi rides", Map.of("trips", SampleTrips.TABLE));
  }
}
