package local_workspace;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.catalyst.analysis.ResolvedPersistentView;
import org.apache.spark.sql.catalyst.analysis.ResolvedTable;
import org.apache.spark.sql.catalyst.catalog.CatalogTable;
import org.apache.spark.sql.catalyst.expressions.Attribute;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.Literal$;
import org.apache.spark.sql.catalyst.expressions.objects.StaticInvoke;
import org.apache.spark.sql.catalyst.plans.logical.DescribeRelation;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.execution.command.DescribeRelationJsonCommand;
import org.apache.spark.sql.execution.command.DescribeTableCommand;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.unsafe.types.UTF8String;
import scala.Option;
import scala.collection.immutable.List$;
import scala.collection.immutable.Nil$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Names the owner of a table or view in what DESCRIBE and SHOW TABLE EXTENDED answer: Hive keeps the user of the process
 * for him. Public for Spark, which compiles calls of its methods.
 */
public final class OwnerInAnswers {
  private static final Pattern OWNER = Pattern.compile("(?m)^Owner: .*$");

  private final List<Attribute> output;
  private final CatalogTable described; // null for a listing
  private final boolean isListing;

  private OwnerInAnswers(List<Attribute> output, CatalogTable described, boolean isListing) {
    this.output = output;
    this.described = described;
    this.isListing = isListing;
  }

  static OwnerInAnswers of(LogicalPlan plan, List<Attribute> output) {
    boolean isListing = plan.getClass().getSimpleName().startsWith("ShowTables")
        && output.get(output.size() - 1).name().equals("information");
    return new OwnerInAnswers(output, described(plan).orElse(null), isListing);
  }

  private static Optional<CatalogTable> described(LogicalPlan plan) {
    LogicalPlan relation = plan instanceof DescribeRelation described ? described.child()
        : plan instanceof DescribeRelationJsonCommand described ? described.child() : null;
    if (plan instanceof DescribeTableCommand command && command.table().database().isDefined()) {
      return Metastore.active().stored(command.table().database().get(), command.table().table());
    }
    Identifier name = relation instanceof ResolvedTable table ? table.identifier()
        : relation instanceof ResolvedPersistentView view ? view.identifier() : null;
    return name == null || name.namespace().length != 1
        ? Optional.empty() : Metastore.active().stored(name.namespace()[0], name.name());
  }

  /** The value of a column of the answer. */
  Expression in(Attribute column) {
    int place = output.indexOf(column);
    if (isListing && place == output.size() - 1) {
      Notes notes = Notes.read();
      Expression listed = call("listed", column, output.get(0), output.get(1), text(""), text(notes.user()));
      for (Notes.Owner given : notes.owners()) {
        String[] name = given.full_name().split("[.]");
        Optional<CatalogTable> table = given.kind().equals("table") ? Metastore.active().stored(name[1], name[2]) : Optional.empty();
        if (table.isPresent()) {
          Expression only = text(name[1] + "." + name[2]);
          listed = call("listed", listed, output.get(0), output.get(1), only, text(owner(table.get())));
        }
      }
      return listed;
    }
    if (described != null && output.size() == 1) {
      return call("written", column, text(described.owner()), text(owner(described)));
    }
    if (described != null && place == 1) {
      return call("described", column, output.get(0), text(described.owner()), text(owner(described)));
    }
    return (Expression) column;
  }

  private static String owner(CatalogTable table) {
    String fullName = String.join(".", CatalogNames.catalog(), table.database(), table.identifier().table());
    return Notes.read().owner("table", fullName, table.createTime());
  }

  /** The second column of DESCRIBE; a column of the table that is called Owner has a type, and no user. */
  public static UTF8String described(UTF8String value, UTF8String name, UTF8String stored, UTF8String owner) {
    return name.toString().equals("Owner") && value.equals(stored) ? owner : value;
  }

  /** The JSON of DESCRIBE … AS JSON. */
  public static UTF8String written(UTF8String json, UTF8String stored, UTF8String owner) {
    return UTF8String.fromString(json.toString().replace("\"owner\":\"" + stored + "\"", "\"owner\":\"" + owner + "\""));
  }

  /** The text about one table of SHOW TABLE EXTENDED, with this owner if it is that table, or if none is named. */
  public static UTF8String listed(
      UTF8String information, UTF8String schema, UTF8String table, UTF8String only, UTF8String owner) {
    if (!only.toString().isEmpty() && !only.toString().equals(schema + "." + table)) {
      return information;
    }
    return UTF8String.fromString(OWNER.matcher(information.toString()).replaceAll(Matcher.quoteReplacement("Owner: " + owner)));
  }

  private static Expression text(String value) {
    return Literal$.MODULE$.apply(value);
  }

  @SuppressWarnings("unchecked")
  private static Expression call(String method, Object... arguments) {
    List<Expression> given = List.of(arguments).stream().map(Expression.class::cast).toList();
    Seq<Expression> all = List$.MODULE$.from(CollectionConverters.asScala(given));
    return new StaticInvoke(
        OwnerInAnswers.class, DataTypes.StringType, method, all, (Seq<org.apache.spark.sql.types.AbstractDataType>) (Object) Nil$.MODULE$,
        true, true, true, Option.empty());
  }
}
