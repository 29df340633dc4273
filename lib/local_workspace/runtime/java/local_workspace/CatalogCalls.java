package local_workspace;

import org.apache.spark.connect.proto.Catalog;
import org.apache.spark.connect.proto.ExecutePlanRequest;
import org.apache.spark.connect.proto.Expression;
import org.apache.spark.connect.proto.Relation;
import org.apache.spark.connect.proto.SQL;
import org.apache.spark.connect.proto.WithColumns;

/** Rewrites the calls of spark.catalog that are about catalogs: open Spark has `spark_catalog`, which has another name here. */
final class CatalogCalls {
  private CatalogCalls() {}

  static ExecutePlanRequest rewrite(ExecutePlanRequest request, String catalog) {
    if (!request.getPlan().hasRoot() || !request.getPlan().getRoot().hasCatalog()) {
      return request;
    }
    Relation.Builder root = request.getPlan().getRoot().toBuilder();
    Catalog call = root.getCatalog();
    switch (call.getCatTypeCase()) {
      case CURRENT_CATALOG -> root.setSql(query("SELECT current_catalog() AS value"));
      case LIST_CATALOGS -> root.setSql(query(
          CatalogSql.catalogs(catalog, call.getListCatalogs().getPattern(), "name, CAST(NULL AS STRING) AS description")));
      case SET_CURRENT_CATALOG -> {
        if (call.getSetCurrentCatalog().getCatalogName().equalsIgnoreCase(catalog)) {
          Catalog.Builder named = call.toBuilder();
          named.getSetCurrentCatalogBuilder().setCatalogName(CatalogSql.SPARK_CATALOG);
          root.setCatalog(named);
        }
      }
      case GET_DATABASE, GET_FUNCTION, GET_TABLE, LIST_DATABASES, LIST_FUNCTIONS, LIST_TABLES ->
          root.setWithColumns(named(root.build(), catalog));
      default -> {
        return request;
      }
    }
    return request.toBuilder().setPlan(request.getPlan().toBuilder().setRoot(root)).build();
  }

  /** An answer whose column `catalog` has the workspace's name; that of a temporary view or function is null. */
  private static WithColumns named(Relation answer, String catalog) {
    String text = String.format(
        "CASE catalog WHEN '%s' THEN %s ELSE catalog END", CatalogSql.SPARK_CATALOG, CatalogSql.literal(catalog));
    Expression value = Expression.newBuilder()
        .setExpressionString(Expression.ExpressionString.newBuilder().setExpression(text)).build();
    Expression.Alias alias = Expression.Alias.newBuilder().setExpr(value).addName("catalog").build();
    return WithColumns.newBuilder().setInput(answer).addAliases(alias).build();
  }

  private static SQL query(String text) {
    return SQL.newBuilder().setQuery(text).build();
  }
}
