package local_workspace;

import java.time.Instant;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** `samples.nyctaxi.trips`: taxi rides with the columns of Databricks' table. The rides are invented, and always the same. */
final class SampleTrips {
  private static final String COLUMNS =
      "tpep_pickup_datetime TIMESTAMP, tpep_dropoff_datetime TIMESTAMP, trip_distance DOUBLE, fare_amount DOUBLE, "
          + "pickup_zip INT, dropoff_zip INT";
  private static final int RIDES = 20_000;
  private static final int[] ZIPS = {10001, 10003, 10011, 10016, 10019, 10021, 10023, 10028, 10036, 10103, 10119, 11101, 11217, 11371};
  private static final long START = TimeUnit.SECONDS.toMicros(Instant.parse("2016-01-01T00:00:00Z").getEpochSecond());
  private static final int DAYS = 60;

  static final MetadataTable TABLE = new MetadataTable("samples.nyctaxi.trips", COLUMNS, wanted -> rides());

  private SampleTrips() {}

  private static Stream<Object[]> rides() {
    Random random = new Random(7); // Java fixes the algorithm of this class: the rides are the same everywhere
    return IntStream.range(0, RIDES).mapToObj(ride -> ride(random));
  }

  private static Object[] ride(Random random) {
    long pickup = START + TimeUnit.SECONDS.toMicros(random.nextInt((int) TimeUnit.DAYS.toSeconds(DAYS)));
    double miles = Math.round((0.3 - 2.5 * Math.log(1 - random.nextDouble())) * 100) / 100.0; // few rides are long
    long seconds = 120 + Math.round(miles * (180 + random.nextInt(240)));
    double fare = 2.5 + 0.5 * Math.round(miles * 4 + seconds / 200.0); // in steps of half a dollar, as meters count
    return new Object[] {
      pickup, pickup + TimeUnit.SECONDS.toMicros(seconds), miles, fare, zip(random), zip(random)
    };
  }

  private static int zip(Random random) {
    return ZIPS[random.nextInt(ZIPS.length)];
  }
}
