package local_workspace;

import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.classic.SparkSession;
import org.apache.spark.sql.execution.datasources.binaryfile.BinaryFileFormat;
import org.apache.spark.sql.execution.datasources.json.JsonFileFormat;
import org.apache.spark.sql.execution.streaming.Source;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.RelationProvider;
import org.apache.spark.sql.sources.SchemaRelationProvider;
import org.apache.spark.sql.sources.StreamSourceProvider;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import scala.Option;
import scala.Tuple2;
import scala.collection.immutable.Map;

/**
 * Auto Loader, `spark.readStream.format("cloudFiles")`: Spark's own stream of files, with the options, defaults and errors of
 * https://docs.databricks.com/aws/en/ingestion/cloud-object-storage/auto-loader/options.
 *
 * <p>It is a file format as well, for Spark gives `_metadata` to those alone.
 */
public final class CloudFiles extends JsonFileFormat implements StreamSourceProvider, RelationProvider, SchemaRelationProvider {
  @Override
  public String shortName() {
    return "cloudFiles";
  }

  @Override
  public Tuple2<String, StructType> sourceSchema(
      SQLContext context, Option<StructType> schema, String provider, Map<String, String> given) {
    CloudFilesOptions options = new CloudFilesOptions(given);
    return new Tuple2<>("cloudFiles[" + options.path() + "]", schemaOf(schema, options));
  }

  private static StructType schemaOf(Option<StructType> given, CloudFilesOptions options) {
    return given.isDefined() ? given.get() : switch (options.format()) {
      case "text" -> new StructType().add("value", DataTypes.StringType);
      case "binaryfile" -> BinaryFileFormat.schema();
      default -> throw new IllegalArgumentException("Auto Loader infers no schema on a local workspace: name the columns and their"
          + " types, .schema(\"id BIGINT, name STRING\").");
    };
  }

  @Override
  public Source createSource(
      SQLContext context, String metadataPath, Option<StructType> schema, String provider, Map<String, String> given) {
    CloudFilesOptions options = new CloudFilesOptions(given);
    SparkSession session = (SparkSession) context.sparkSession();
    return new CloudFilesSource(session, options, schemaOf(schema, options), metadataPath);
  }

  @Override
  public BaseRelation createRelation(SQLContext context, Map<String, String> options) {
    throw new IllegalArgumentException(
        "[CF_INCORRECT_BATCH_USAGE] CloudFiles is a streaming source. Please use spark.readStream instead of spark.read.");
  }

  @Override
  public BaseRelation createRelation(SQLContext context, Map<String, String> options, StructType schema) {
    return createRelation(context, options);
  }
}
