package local_workspace;

import org.apache.spark.connect.proto.Catalog;
import org.apache.spark.connect.proto.ExecutePlanRequest;
import org.apache.spark.connect.proto.Relation;
import org.apache.spark.connect.proto.SQL;

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
      default -> {
        return request;
      }
    }
    return request.toBuilder().setPlan(request.getPlan().toBuilder().setRoot(root)).build();
  }

  private static SQL query(String text) {
    return SQL.newBuilder().setQuery(text).build();
  }
}
