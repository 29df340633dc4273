package local_workspace;

import org.apache.spark.connect.proto.AnalyzePlanResponse;
import org.apache.spark.connect.proto.ExecutePlanRequest;
import org.apache.spark.connect.proto.ExecutePlanResponse;
import org.apache.spark.connect.proto.FetchErrorDetailsResponse;
import org.sparkproject.connect.google_protos.rpc.ErrorInfo;
import org.sparkproject.connect.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import org.sparkproject.connect.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import org.sparkproject.connect.grpc.Metadata;
import org.sparkproject.connect.grpc.ServerCall;
import org.sparkproject.connect.grpc.ServerCallHandler;
import org.sparkproject.connect.grpc.ServerInterceptor;
import org.sparkproject.connect.grpc.Status;
import org.sparkproject.connect.protobuf.InvalidProtocolBufferException;
import org.sparkproject.connect.protobuf.Message;

/**
 * Names the workspace's catalog in the calls of Spark Connect's clients, where neither SQL nor a plan is parsed: in the
 * methods of spark.catalog, in error messages, query plans and the events of pipelines.
 */
public final class CallNames implements ServerInterceptor {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Override
  public <I, O> ServerCall.Listener<I> interceptCall(ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
    String catalog = CatalogNames.catalog();
    if (catalog.isEmpty()) {
      return next.startCall(call, headers);
    }
    return new SimpleForwardingServerCallListener<>(next.startCall(new Answers<>(call, catalog), headers)) {
      @Override
      @SuppressWarnings("unchecked")
      public void onMessage(I message) {
        super.onMessage(message instanceof ExecutePlanRequest request ? (I) CatalogCalls.rewrite(request, catalog) : message);
      }
    };
  }

  private static final class Answers<I, O> extends SimpleForwardingServerCall<I, O> {
    private final MessageTexts texts;

    Answers(ServerCall<I, O> call, String catalog) {
      super(call);
      texts = new MessageTexts(text -> text.replace(CatalogSql.SPARK_CATALOG, catalog));
    }

    @Override
    @SuppressWarnings("unchecked")
    public void sendMessage(O message) {
      boolean isForPeople = message instanceof FetchErrorDetailsResponse
          || message instanceof AnalyzePlanResponse plan && plan.hasExplain()
          || message instanceof ExecutePlanResponse answer && answer.hasPipelineEventResult();
      super.sendMessage(isForPeople ? (O) texts.replace((Message) message) : message);
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (status.getDescription() == null) {
        super.close(status, trailers);
        return;
      }
      byte[] details = trailers.get(DETAILS);
      if (details != null) {
        trailers.discardAll(DETAILS);
        trailers.put(DETAILS, named(details));
      }
      super.close(status.withDescription(texts.replace(status.getDescription())), trailers);
    }

    private byte[] named(byte[] details) {
      try {
        var status = org.sparkproject.connect.google_protos.rpc.Status.parseFrom(details).toBuilder();
        status.setMessage(texts.replace(status.getMessage()));
        for (int at = 0; at < status.getDetailsCount(); at++) {
          if (status.getDetails(at).is(ErrorInfo.class)) {
            ErrorInfo info = status.getDetails(at).unpack(ErrorInfo.class);
            status.setDetails(at, org.sparkproject.connect.protobuf.Any.pack(texts.replace(info)));
          }
        }
        return status.build().toByteArray();
      } catch (InvalidProtocolBufferException unreadable) {
        return details;
      }
    }
  }
}
