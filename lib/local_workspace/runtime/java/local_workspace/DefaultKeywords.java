package local_workspace;

import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAlias;
import org.apache.spark.sql.catalyst.analysis.UnresolvedAttribute;
import org.apache.spark.sql.catalyst.analysis.UnresolvedInlineTable;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.plans.logical.InsertIntoStatement;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.plans.logical.Project;
import org.apache.spark.sql.catalyst.trees.TreeNodeTag;
import org.apache.spark.sql.delta.catalog.DeltaTableV2;
import org.apache.spark.sql.types.StructField;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Refuses the keyword DEFAULT as the value of an identity column in an INSERT: Databricks generates a number, and open
 * Spark would write NULL.
 */
final class DefaultKeywords {
  private static final TreeNodeTag<DefaultKeywords> NOTED = new TreeNodeTag<>("local_workspace.default_keywords");

  private final List<String> columns; // that the statement names; none if it takes those of the table
  private final Set<Integer> places;

  private DefaultKeywords(List<String> columns, Set<Integer> places) {
    this.columns = columns;
    this.places = places;
  }

  /** Note at an INSERT that was parsed for which columns it has the keyword. */
  static void note(LogicalPlan parsed) {
    if (parsed instanceof InsertIntoStatement insert) {
      Set<Integer> places = rows(insert.query()).flatMap(DefaultKeywords::places).collect(Collectors.toSet());
      if (!places.isEmpty()) {
        parsed.setTagValue(NOTED, new DefaultKeywords(CollectionConverters.asJava(insert.userSpecifiedCols()), places));
      }
    }
  }

  /** Raises an error if what was noted at an INSERT into `table` is for an identity column. */
  static void check(LogicalPlan insert, DeltaTableV2 table) {
    StructField[] fields = table.initialSnapshot().metadata().schema().fields();
    var noted = insert.getTagValue(NOTED);
    for (int place : noted.isDefined() ? noted.get().places : Set.<Integer>of()) {
      List<String> names = noted.get().columns.isEmpty() ? Stream.of(fields).map(StructField::name).toList() : noted.get().columns;
      Stream.of(fields).filter(field -> place < names.size() && field.name().equalsIgnoreCase(names.get(place)))
          .filter(field -> field.metadata().contains("delta.identity.start")).forEach(DefaultKeywords::refuse);
    }
  }

  private static void refuse(StructField identity) {
    throw new UnsupportedOperationException(String.format(
        "DEFAULT for the identity column '%s' exists on Databricks only: on a local workspace leave the column out of the INSERT.",
        identity.name()));
  }

  private static Stream<List<Expression>> rows(LogicalPlan query) {
    if (query instanceof UnresolvedInlineTable values) {
      return CollectionConverters.asJava(values.rows()).stream().map(CollectionConverters::asJava);
    }
    return query instanceof Project project ? Stream.of(expressions(project)) : Stream.empty();
  }

  @SuppressWarnings("unchecked")
  private static List<Expression> expressions(Project project) {
    return CollectionConverters.asJava((Seq<Expression>) (Object) project.projectList());
  }

  private static Stream<Integer> places(List<Expression> row) {
    return IntStream.range(0, row.size()).filter(at -> isDefault(row.get(at))).boxed();
  }

  private static boolean isDefault(Expression value) {
    Expression named = value instanceof UnresolvedAlias alias ? alias.child() : value;
    return named instanceof UnresolvedAttribute attribute && attribute.name().equalsIgnoreCase("DEFAULT");
  }
}
