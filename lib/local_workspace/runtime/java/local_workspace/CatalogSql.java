package local_workspace;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.Token;
import org.apache.spark.sql.catalyst.parser.SqlBaseLexer;
import org.apache.spark.sql.catalyst.parser.UpperCaseCharStream;

/** Rewrites one SQL text: the workspace's catalog becomes `spark_catalog` wherever it is a catalog's name. */
final class CatalogSql {
  static final String SPARK_CATALOG = "spark_catalog";
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
    return new CatalogSql(sql, catalog).rewritten();
  }

  /** `sql`, a text that `rewrite` made, with `catalog` for `spark_catalog` again. */
  static String restore(String sql, String catalog) {
    CatalogSql text = new CatalogSql(sql, catalog);
    for (int at = 0; at < text.tokens.size(); at++) {
      String bare = text.isPart(at) ? text.bare(at) : "";
      if (bare.equalsIgnoreCase(SPARK_CATALOG) && text.word(at + 1).equals(".")) {
        text.replace(at, at, plain(catalog));
      } else if (bare.startsWith("`") && text.word(at + 1).equals("(")) { // a table function's name in one part
        text.replace(at, at, restore(bare, catalog));
      }
    }
    return text.out.append(sql, text.copied, sql.length()).toString();
  }

  private String rewritten() {
    if (words.size() == 2 && words.get(0).equals("SHOW") && words.get(1).equals("CATALOGS")) {
      return "SELECT '" + catalog + "' AS catalog";
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
    // The grammar takes a table function's name in one part only; TableFunctionNames takes it apart again.
    if (isRelation && parts > 1 && word(end + 1).equals("(")) {
      StringBuilder whole = new StringBuilder(quoted(named ? SPARK_CATALOG : bare(start)));
      for (int part = start + 2; part <= end; part += 2) {
        whole.append('.').append(quoted(bare(part)));
      }
      replace(start, end, quoted(whole.toString()));
    } else if (named && word(0).equals("USE") && SCHEMA.contains(word(1))) {
      replace(start, end, source(tokens.get(end))); // USE SCHEMA takes names within the current catalog
    } else if (named) {
      replace(start, start, SPARK_CATALOG);
    }
  }

  private boolean isCatalog(int start, int parts) {
    if (parts > 2) {
      return true;
    }
    boolean within = Set.of("SHOW", "ANALYZE").contains(word(0)) && Set.of("IN", "FROM").contains(word(start - 1));
    if (parts == 2) {
      return word(0).equals("USE") || ofSchema() || within && !word(1).equals("COLUMNS");
    }
    return word(start - 1).equals("CATALOG") && word(0).equals("USE") || within && SCHEMAS.contains(word(1));
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
    return !word.isEmpty() && (word.startsWith("`") || Character.isLetter(word.charAt(0)) || word.charAt(0) == '_');
  }

  private String word(int index) {
    return index >= 0 && index < words.size() ? words.get(index) : "";
  }

  private String bare(int index) {
    String text = source(tokens.get(index));
    return text.startsWith("`") ? text.substring(1, text.length() - 1).replace("``", "`") : text;
  }

  /** `name` in backquotes only if it needs them. */
  private static String plain(String name) {
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
