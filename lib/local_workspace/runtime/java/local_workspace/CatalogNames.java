package local_workspace;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.catalyst.parser.ParserInterface;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.rules.Rule;
import scala.Function1;
import scala.Function2;
import scala.runtime.AbstractFunction1;
import scala.runtime.AbstractFunction2;
import scala.runtime.BoxedUnit;

/**
 * A Spark session extension that lets SQL and clients use the workspace's catalog in names of three levels.
 *
 * <p>Open Spark with Delta Lake keeps tables, views and functions in one catalog only, `spark_catalog`. The parser takes
 * the workspace's catalog for it, and what statements answer names the workspace's.
 */
public final class CatalogNames extends AbstractFunction1<SparkSessionExtensions, BoxedUnit> {
  /** The JVM's property with the path of the file that holds the catalog's name. The file is missing before there is one. */
  static final String FILE = "local_workspace.catalog.file";

  /** The workspace's catalog; an empty string before there is one. */
  static String catalog() {
    try {
      return Files.readString(Path.of(System.getProperty(FILE))).strip();
    } catch (NoSuchFileException missing) {
      return "";
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  @Override
  @SuppressWarnings({"unchecked", "rawtypes"})
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    extensions.injectParser((Function2) new AbstractFunction2<SparkSession, ParserInterface, ParserInterface>() {
      @Override
      public ParserInterface apply(SparkSession session, ParserInterface next) {
        return new NamingParser(session, next);
      }
    });
    extensions.injectResolutionRule((Function1) new AbstractFunction1<SparkSession, Rule<LogicalPlan>>() {
      @Override
      public Rule<LogicalPlan> apply(SparkSession session) {
        return new CatalogInColumnNames();
      }
    });
    List.<Function1<SparkSession, Rule<LogicalPlan>>>of(
        CurrentCatalogName::new, Descriptions::new, session -> new HistoryAuthor(), session -> new CatalogInAnswers(),
        session -> new CountedWrites()).forEach(rule -> extensions.injectPostHocResolutionRule((Function1) rule));
    extensions.injectPreCBORule((Function1) new AbstractFunction1<SparkSession, Rule<LogicalPlan>>() {
      @Override
      public Rule<LogicalPlan> apply(SparkSession session) {
        return new KnownFiles();
      }
    });
    extensions.injectCheckRule((Function1) new AbstractFunction1<SparkSession, Function1<LogicalPlan, BoxedUnit>>() {
      @Override
      public Function1<LogicalPlan, BoxedUnit> apply(SparkSession session) {
        return new StreamedViews();
      }
    });
    return BoxedUnit.UNIT;
  }
}
