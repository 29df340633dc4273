package local_workspace;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The tables of `information_schema`, with the columns, types and order of Databricks' documentation
 * (https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema).
 */
final class InformationSchema {
  static final String NAME = "information_schema";
  static final String COMMENT = "Information schema";

  private static final String CHANGES =
      "created TIMESTAMP NOT NULL, created_by STRING NOT NULL, last_altered TIMESTAMP NOT NULL, last_altered_by STRING NOT NULL";
  private static final String TYPE = "data_type STRING NOT NULL, full_data_type STRING NOT NULL, ";
  private static final String TYPE_DETAILS = "character_maximum_length INT, character_octet_length STRING, "
      + "numeric_precision INT, numeric_precision_radix INT, numeric_scale INT, datetime_precision INT, "
      + "interval_type STRING, interval_precision INT, maximum_cardinality INT, ";
  private static final String PRIVILEGE = "privilege_type STRING NOT NULL, is_grantable STRING NOT NULL, inherited_from STRING NOT NULL";

  static final Map<String, MetadataTable> TABLES = new TreeMap<>();

  private InformationSchema() {}

  private static void table(String name, String columns, MetadataTable.Rows rows) {
    TABLES.put(name, new MetadataTable(NAME + "." + name, columns, rows));
  }

  static {
    table("information_schema_catalog_name", "catalog_name STRING NOT NULL",
        wanted -> Stream.<Object[]>of(new Object[] {CatalogNames.catalog()}));
    table("catalogs", "catalog_name STRING NOT NULL, catalog_owner STRING NOT NULL, comment STRING, " + CHANGES,
        InformationRows::catalogs);
    table("schemata",
        "catalog_name STRING NOT NULL, schema_name STRING NOT NULL, schema_owner STRING NOT NULL, comment STRING, " + CHANGES,
        InformationRows::schemata);
    table("tables", "table_catalog STRING NOT NULL, table_schema STRING NOT NULL, table_name STRING NOT NULL, "
        + "table_type STRING NOT NULL, is_insertable_into STRING NOT NULL, commit_action STRING NOT NULL, "
        + "table_owner STRING NOT NULL, comment STRING, " + CHANGES + ", data_source_format STRING NOT NULL, "
        + "storage_path STRING, storage_sub_directory STRING",
        InformationRows::tables);
    table("columns", "table_catalog STRING NOT NULL, table_schema STRING NOT NULL, table_name STRING NOT NULL, "
        + "column_name STRING NOT NULL, ordinal_position INT NOT NULL, column_default STRING, is_nullable STRING NOT NULL, "
        + "full_data_type STRING NOT NULL, data_type STRING NOT NULL, " + TYPE_DETAILS
        + "is_identity STRING NOT NULL, identity_generation STRING, identity_start STRING, identity_increment STRING, "
        + "identity_maximum STRING, identity_minimum STRING, identity_cycle STRING, is_generated STRING, "
        + "generation_expression STRING, is_system_time_period_start STRING NOT NULL, "
        + "is_system_time_period_end STRING NOT NULL, system_time_period_timestamp_generation STRING, "
        + "is_updatable STRING NOT NULL, partition_ordinal_position INT, comment STRING",
        InformationRows::columns);
    table("views", "table_catalog STRING NOT NULL, table_schema STRING NOT NULL, table_name STRING NOT NULL, "
        + "view_definition STRING, check_option STRING NOT NULL, is_updatable STRING NOT NULL, "
        + "is_insertable_into STRING NOT NULL, sql_path STRING",
        InformationRows::views);
    table("routines", "specific_catalog STRING NOT NULL, specific_schema STRING NOT NULL, specific_name STRING NOT NULL, "
        + "routine_catalog STRING NOT NULL, routine_schema STRING NOT NULL, routine_name STRING NOT NULL, "
        + "routine_type STRING NOT NULL, data_type STRING, full_data_type STRING, " + TYPE_DETAILS
        + "routine_body STRING NOT NULL, routine_definition STRING, external_name STRING, external_language STRING, "
        + "parameter_style STRING NOT NULL, is_deterministic STRING NOT NULL, sql_data_access STRING NOT NULL, "
        + "is_null_call STRING, sql_path STRING, security_type STRING NOT NULL, as_locator STRING NOT NULL, comment STRING, "
        + CHANGES,
        InformationRows::routines);
    table("parameters", "specific_catalog STRING NOT NULL, specific_schema STRING NOT NULL, specific_name STRING NOT NULL, "
        + "ordinal_position INT NOT NULL, parameter_mode STRING NOT NULL, is_result STRING NOT NULL, "
        + "as_locator STRING NOT NULL, parameter_name STRING, " + TYPE + TYPE_DETAILS
        + "parameter_default STRING, comment STRING",
        InformationRows::parameters);
    table("routine_columns", "specific_catalog STRING NOT NULL, specific_schema STRING NOT NULL, "
        + "specific_name STRING NOT NULL, ordinal_position INT NOT NULL, column_name STRING, " + TYPE + TYPE_DETAILS
        + "comment STRING",
        InformationRows::routineColumns);
    table("volumes", "volume_catalog STRING NOT NULL, volume_schema STRING NOT NULL, volume_name STRING NOT NULL, "
        + "volume_type STRING NOT NULL, volume_owner STRING NOT NULL, comment STRING, " + CHANGES
        + ", storage_location STRING NOT NULL",
        InformationRows::volumes);
    table("catalog_privileges",
        "grantor STRING NOT NULL, grantee STRING NOT NULL, catalog_name STRING NOT NULL, " + PRIVILEGE,
        wanted -> InformationRows.privileges("catalog"));
    table("schema_privileges",
        "grantor STRING NOT NULL, grantee STRING NOT NULL, catalog_name STRING NOT NULL, schema_name STRING NOT NULL, "
            + PRIVILEGE,
        wanted -> InformationRows.privileges("schema"));
    table("table_privileges",
        "grantor STRING NOT NULL, grantee STRING NOT NULL, table_catalog STRING NOT NULL, table_schema STRING NOT NULL, "
            + "table_name STRING NOT NULL, " + PRIVILEGE,
        wanted -> InformationRows.privileges("table"));
  }

  /** Its tables, which are views to Unity Catalog. They are as old as the catalog, whose age the service knows. */
  static Stream<Relation> relations() {
    return TABLES.entrySet().stream().map(table -> new Relation(
        NAME, table.getKey(), "VIEW", null, null, Map.of(), null, null, 0, 0, null,
        Field.all(table.getValue().schema(), List.of())));
  }
}
