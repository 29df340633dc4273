package local_workspace;

import java.util.List;
import java.util.function.UnaryOperator;
import org.sparkproject.connect.protobuf.Descriptors.FieldDescriptor;
import org.sparkproject.connect.protobuf.Message;

/** Changes every text in a message of Spark Connect, however deep it is. */
final class MessageTexts {
  private final UnaryOperator<String> change;

  MessageTexts(UnaryOperator<String> change) {
    this.change = change;
  }

  String replace(String text) {
    return change.apply(text);
  }

  @SuppressWarnings("unchecked")
  <M extends Message> M replace(M message) {
    Message.Builder changed = message.toBuilder();
    message.getAllFields().forEach((field, value) -> changed.setField(field, changed(field, value)));
    return (M) changed.build();
  }

  private Object changed(FieldDescriptor field, Object value) {
    return field.isRepeated() ? ((List<?>) value).stream().map(this::changed).toList() : changed(value);
  }

  private Object changed(Object value) {
    if (value instanceof String text) {
      return replace(text);
    }
    return value instanceof Message message ? replace(message) : value;
  }
}
