package local_workspace;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.Token;
import org.apache.spark.sql.catalyst.parser.CatalystSqlParser$;
import org.apache.spark.sql.catalyst.parser.SqlBaseLexer;
import org.apache.spark.sql.catalyst.parser.UpperCaseCharStream;
import org.apache.spark.sql.catalyst.util.StringUtils;
import scala.collection.immutable.List$;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/** Rewrites one SQL text: the workspace's catalog becomes `spark_catalog` wherever it is a catalog's name. */
final class CatalogSql {
  static final String SPARK_CATALOG = "spark_catalog";
  private static final String REPLACING = "regexp_replace(/* the catalog's name */ ";
  private static final Set<String> SCHEMA = Set.of("SCHEMA", "DATABASE", "NAMESPACE");
  private static final Set<String> SCHEMAS = Set.of("SCHEMAS", "DATABASES", "NAMESPACES");

  private final String sql;
  private final String catalog;
  private final List<String> words = new ArrayList<>(); // of the tokens, in capitals
  private final List<Token> tokens = new ArrayList<>();
  private final StringBuilder out = new StringBuilder();
  private int copied = 0; // up to which character of `sql` the output is complete

  private CatalogSql(String sql, String catalog) {
    this.sql = sql;
    this.catalog = catalog;
    SqlBaseLexer lexer = new SqlBaseLexer(new UpperCaseCharStream(CharStreams.fromString(sql)));
    lexer.removeErrorListeners();
    for (Token token : lexer.getAllTokens()) {
      if (token.getChannel() == Token.DEFAULT_CHANNEL) {
        tokens.add(token);
        words.add(source(token).toUpperCase());
      }
    }
  }

  /** `sql` as open Spark understands it. */
  static String rewrite(String sql, String catalog) {
    return rewriteIdentifiers(new CatalogSql(sql, catalog).rewritten(), catalog);
  }

  /** `sql` with `spark_catalog` for the catalog in what IDENTIFIER is given, unless that has markers still. */
  static String rewriteIdentifiers(String sql, String catalog) {
    return new CatalogSql(sql, catalog).identified();
  }

  /** `sql`, a text that `rewrite` made, with `catalog` for `spark_catalog` again. */
  static String restore(String sql, String catalog) {
    CatalogSql text = new CatalogSql(sql, catalog);
    for (int at = 0; at < text.tokens.size(); at++) {
      String bare = text.isPart(at) ? text.bare(at) : "";
      if (bare.equalsIgnoreCase(SPARK_CATALOG) && text.word(at + 1).equals(".")) {
        text.replace(at, at, text.alike(at, plain(catalog)));
      } else if (bare.startsWith("`") && text.word(at + 1).equals("(")) { // a table function's name in one part
        text.replace(at, at, split(bare, catalog));
      }
    }
    String restored = text.out.append(sql, text.copied, sql.length()).toString();
    return restored.replace("'" + quoted(SPARK_CATALOG) + ".", "'" + quoted(catalog) + ".").replace(REPLACING, "")
        .replaceAll(Pattern.quote(", '" + replaced(catalog, "")) + "[^']*', '" + SPARK_CATALOG + "'\\)", "");
  }

  private String identified() {
    for (int start = 0; start < tokens.size(); start++) {
      int end = word(start).equals("IDENTIFIER") && word(start + 1).equals("(") ? closing(start + 1) : -1;
      List<String> given = end < 0 ? List.of() : words.subList(start + 2, end);
      if (given.size() == 1 && given.get(0).matches("(?s)['\"].*")) {
        identifier(start, start + 2, end);
      } else if (given.size() > 1 && !given.contains(":") && !given.contains("?")) {
        insert(start + 2, REPLACING);
        String behind = isCatalog(start, 1) ? "$" : isCatalog(start, 2) ? "[.]" : "[.][^.]+[.]";
        boolean isDropped = takesNoCatalog(start, isCatalog(start, 2) ? 2 : 3);
        String found = isDropped ? "[.](?=" + behind.substring("[.]".length()) + ")" : "(?=" + behind + ")";
        insert(end, ", '" + replaced(catalog, found) + "', '" + (isDropped ? "" : SPARK_CATALOG) + "')");
      }
    }
    return out.append(sql, copied, sql.length()).toString();
  }

  /** Rewrites the name in the literal `name`, which may go on after the bracket `end`: IDENTIFIER('a').b.c. */
  private void identifier(int start, int name, int end) {
    List<String> parts = new ArrayList<>();
    try {
      parts.addAll(CollectionConverters.asJava(CatalystSqlParser$.MODULE$.parseMultipartIdentifier(text(name))));
    } catch (Exception unreadable) { // a ParseException, which methods of Scala don't declare
      return; // Spark refuses it
    }
    int more = (endOfName(end) - end) / 2;
    if (!parts.get(0).equalsIgnoreCase(catalog) || !isCatalog(start, parts.size() + more)) {
      return;
    }
    if (!takesNoCatalog(start, parts.size() + more)) {
      parts.set(0, SPARK_CATALOG);
    } else if (parts.size() > 1) {
      parts.remove(0);
    } else {
      replace(start, end + 1, "");
      return;
    }
    replace(name, name, literal(parts.stream().map(CatalogSql::quoted).collect(Collectors.joining("."))));
  }

  /** The bracket that closes the one at `open`; -1 if none does. */
  private int closing(int open) {
    int depth = 0;
    for (int at = open; at < words.size(); at++) {
      depth += word(at).equals("(") ? 1 : word(at).equals(")") ? -1 : 0;
      if (depth == 0) {
        return at;
      }
    }
    return -1;
  }

  /** The pattern that finds the catalog as the first part of a name. */
  private static String replaced(String catalog, String behind) {
    return "(?i)^`?" + catalog + "`?" + behind;
  }

  private void insert(int index, String text) {
    int place = tokens.get(index).getStartIndex();
    out.append(sql, copied, place).append(text);
    copied = place;
  }

  private static String split(String whole, String catalog) {
    return CollectionConverters.asJava(CatalystSqlParser$.MODULE$.parseMultipartIdentifier(whole)).stream()
        .map(part -> plain(part.equals(SPARK_CATALOG) ? catalog : part)).collect(Collectors.joining("."));
  }

  private String rewritten() {
    if (word(0).equals("SHOW") && word(1).equals("CATALOGS")) {
      int pattern = word(2).equals("LIKE") ? 3 : 2;
      return pattern < tokens.size() ? catalogs(catalog, text(pattern), "catalog") : catalogs(catalog, "", "catalog");
    }
    if (Set.of("DESCRIBE", "DESC").contains(word(0)) && word(1).equals("CATALOG")) {
      boolean isExtended = word(2).equals("EXTENDED");
      int name = isExtended ? 3 : 2;
      if (name == tokens.size() - 1 && isPart(name)) {
        // Of another catalog the statement fails as USE CATALOG does: it is not found.
        return bare(name).equalsIgnoreCase(catalog) ? description(isExtended) : "SET CATALOG " + source(tokens.get(name));
      }
    }
    if (word(0).equals("USE") && word(1).equals("CATALOG")) {
      replace(0, 0, "SET");
    }
    RelationClauses clauses = new RelationClauses();
    for (int start = 0; start < tokens.size(); start++) {
      if (isPart(start) && !word(start - 1).equals(".")) {
        int end = endOfName(start);
        name(start, end, clauses.expectsRelation());
        start = end;
      }
      clauses.read(word(start));
    }
    return out.append(sql, copied, sql.length()).toString();
  }

  /** Rewrites the name whose parts are the tokens from `start` to `end`, with dots between them. */
  private void name(int start, int end, boolean isRelation) {
    int parts = (end - start) / 2 + 1;
    boolean named = bare(start).equalsIgnoreCase(catalog) && isCatalog(start, parts);
    // The grammar allows a table function's name one part only; TableFunctionNames splits it again after parsing.
    if (isRelation && parts > 1 && word(end + 1).equals("(")) {
      StringBuilder whole = new StringBuilder(quoted(named ? SPARK_CATALOG : bare(start)));
      for (int part = start + 2; part <= end; part += 2) {
        whole.append('.').append(quoted(bare(part)));
      }
      replace(start, end, quoted(whole.toString()));
    } else if (named && takesNoCatalog(start, parts)) {
      replace(start, start + 1, "");
    } else if (named) {
      replace(start, start, alike(start, SPARK_CATALOG)); // a view keeps this text, and shows it as it was written
    }
  }

  /** A query that lists the catalog as `columns`, the first of which is its name; no row if `pattern` does not fit it. */
  static String catalogs(String catalog, String pattern, String columns) {
    Seq<String> all = List$.MODULE$.from(CollectionConverters.asScala(List.of(catalog)));
    boolean isListed = pattern.isEmpty() || !CollectionConverters.asJava(StringUtils.filterPattern(all, pattern)).isEmpty();
    return "SELECT " + literal(catalog) + " AS " + columns + (isListed ? "" : " WHERE false");
  }

  /** As https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-aux-describe-catalog has it. */
  private String description(boolean isExtended) {
    Notes.Entry held = Notes.read().catalog();
    Map<String, String> rows = new LinkedHashMap<>();
    rows.put("Catalog Name", held.name());
    rows.put("Comment", held.comment());
    rows.put("Owner", held.owner());
    if (isExtended) {
      rows.put("Created At", Instant.ofEpochMilli(held.created_at()).toString());
      rows.put("Created By", held.created_by());
      rows.put("Updated At", Instant.ofEpochMilli(held.updated_at()).toString());
      rows.put("Updated By", held.updated_by());
      rows.put("Catalog Type", "Regular");
    }
    String values = rows.entrySet().stream()
        .map(row -> "(" + literal(row.getKey()) + ", " + literal(row.getValue()) + ")").collect(Collectors.joining(", "));
    return "SELECT * FROM VALUES " + values + " AS description(info_name, info_value)";
  }

  static String literal(String text) {
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
  }

  /** The text of a literal or a name. */
  private String text(int index) {
    String text = source(tokens.get(index));
    return text.startsWith("'") || text.startsWith("\"") ? text.substring(1, text.length() - 1) : bare(index);
  }

  /** Whether the grammar has a name without catalog there, although Databricks takes one: that of the present catalog. */
  private boolean takesNoCatalog(int start, int parts) {
    boolean isSchema = word(0).equals("USE") && SCHEMA.contains(word(1)) || word(1).equals("COLUMNS");
    boolean isNewName = word(start - 2).equals("RENAME") && word(start - 1).equals("TO");
    return parts == 2 && isSchema || parts == 3 && (isNewName || isOfLike(start));
  }

  /** Whether that is a name of CREATE TABLE … LIKE …. */
  private boolean isOfLike(int start) {
    int first = word(2).equals("IF") ? 5 : 2; // IF NOT EXISTS
    int like = endOfName(first) + 1;
    return word(0).equals("CREATE") && word(1).equals("TABLE") && word(like).equals("LIKE")
        && (start == first || start == like + 1);
  }

  private boolean isCatalog(int start, int parts) {
    if (parts > 2) {
      return true;
    }
    boolean within = Set.of("SHOW", "ANALYZE").contains(word(0)) && Set.of("IN", "FROM").contains(word(start - 1));
    if (parts == 2) {
      boolean ofColumns = word(1).equals("COLUMNS") && start < 4; // SHOW COLUMNS IN table IN schema
      return word(0).equals("USE") || ofSchema() || within && !ofColumns;
    }
    return word(start - 1).equals("CATALOG") && Set.of("USE", "SET").contains(word(0)) || within && SCHEMAS.contains(word(1));
  }

  /** Whether the statement is about a schema, such as CREATE SCHEMA or COMMENT ON SCHEMA. */
  private boolean ofSchema() {
    return Set.of("CREATE", "DROP", "ALTER", "DESCRIBE", "DESC", "COMMENT").contains(word(0))
        && (SCHEMA.contains(word(1)) || SCHEMA.contains(word(2)) && word(1).equals("ON"));
  }

  private int endOfName(int start) {
    int end = start;
    while (word(end + 1).equals(".") && isPart(end + 2)) {
      end += 2;
    }
    return end;
  }

  private boolean isPart(int index) {
    String word = word(index);
    boolean quoted = word.length() > 1 && word.startsWith("`"); // one alone is a quote that does not end
    return !word.isEmpty() && (quoted || Character.isLetter(word.charAt(0)) || word.charAt(0) == '_');
  }

  private String word(int index) {
    return index >= 0 && index < words.size() ? words.get(index) : "";
  }

  private String bare(int index) {
    String text = source(tokens.get(index));
    return text.startsWith("`") ? text.substring(1, text.length() - 1).replace("``", "`") : text;
  }

  /** `name` in backquotes if the token at `index` has them. */
  private String alike(int index, String name) {
    return word(index).startsWith("`") && !name.startsWith("`") ? quoted(name) : name;
  }

  /** `name` in backquotes only if it needs them. */
  static String plain(String name) {
    return name.matches("[A-Za-z_][A-Za-z0-9_]*") ? name : quoted(name);
  }

  private static String quoted(String part) {
    return '`' + part.replace("`", "``") + '`';
  }

  private String source(Token token) {
    return sql.substring(token.getStartIndex(), token.getStopIndex() + 1);
  }

  private void replace(int first, int last, String text) {
    out.append(sql, copied, tokens.get(first).getStartIndex()).append(text);
    copied = tokens.get(last).getStopIndex() + 1;
  }
}
