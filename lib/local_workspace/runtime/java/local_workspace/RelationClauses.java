package local_workspace;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;

/**
 * Reads a statement word by word and knows whether a table, view or table function may come next: before a parenthesis,
 * only there is a name that of a table function.
 */
final class RelationClauses {
  private static final Set<String> BEGIN = Set.of("FROM", "JOIN", "USING");
  private static final Set<String> END = Set.of(
      "SELECT", "WHERE", "ON", "GROUP", "ORDER", "SORT", "CLUSTER", "DISTRIBUTE", "HAVING", "WINDOW", "QUALIFY", "LIMIT",
      "VALUES", "SET", "WHEN", "UNION", "INTERSECT", "EXCEPT", "MINUS");

  /** What one pair of parentheses, or the whole statement, holds. */
  private static final class Scope {
    boolean isQuery; // else a FROM in it is that of a function's argument, as in extract(YEAR FROM day)
    boolean inRelations = false;

    Scope(boolean isQuery) {
      this.isQuery = isQuery;
    }
  }

  private final Deque<Scope> scopes = new ArrayDeque<>();
  private String last = "";

  RelationClauses() {
    scopes.push(new Scope(true));
  }

  /** Whether the next word can begin a relation. */
  boolean expectsRelation() {
    return scopes.peek().inRelations && (BEGIN.contains(last) || Set.of(",", "LATERAL", "(").contains(last));
  }

  /** Takes the next word, in capitals; of a name, its last part. */
  void read(String word) {
    Scope scope = scopes.peek();
    if (word.equals("(")) {
      scopes.push(nested(expectsRelation()));
    } else if (word.equals(")")) {
      if (scopes.size() > 1) {
        scopes.pop();
      }
    } else if (BEGIN.contains(word) && !last.equals("DISTINCT")) {
      scope.isQuery |= last.equals("(");
      scope.inRelations = scope.isQuery;
    } else if (END.contains(word)) {
      scope.isQuery |= word.equals("SELECT");
      scope.inRelations = false;
    } else if (word.equals("WITH")) {
      scope.isQuery = true;
    }
    last = word;
  }

  private static Scope nested(boolean inRelations) {
    Scope scope = new Scope(inRelations);
    scope.inRelations = inRelations;
    return scope;
  }
}
