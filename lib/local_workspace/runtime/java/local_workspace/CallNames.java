package local_workspace;

import org.apache.spark.connect.proto.AnalyzePlanResponse;
import org.apache.spark.connect.proto.ExecutePlanRequest;
import org.apache.spark.connect.proto.ExecutePlanResponse;
import org.apache.spark.connect.proto.FetchErrorDetailsRequest;
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
 * methods of spark.catalog, in error messages, query plans and the events of pipelines. Errors about what open Spark
 * lacks say what to do instead.
 */
public final class CallNames implements ServerInterceptor {
  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  @Override
  public <I, O> ServerCall.Listener<I> interceptCall(ServerCall<I, O> call, Metadata headers, ServerCallHandler<I, O> next) {
    String catalog = CatalogNames.catalog();
    Answers<I, O> answers = new Answers<>(call, catalog);
    return new SimpleForwardingServerCallListener<>(next.startCall(answers, headers)) {
      @Override
      @SuppressWarnings("unchecked")
      public void onMessage(I message) {
        answers.request = (Message) message;
        super.onMessage(message instanceof ExecutePlanRequest request ? (I) CatalogCalls.rewrite(request, catalog) : message);
      }
    };
  }

  private static final class Answers<I, O> extends SimpleForwardingServerCall<I, O> {
    private final MessageTexts texts;
    private volatile Message request;

    Answers(ServerCall<I, O> call, String catalog) {
      super(call);
      texts = new MessageTexts(text -> catalog.isEmpty() ? text : text.replace(CatalogSql.SPARK_CATALOG, catalog));
    }

    @Override
    @SuppressWarnings("unchecked")
    public void sendMessage(O message) {
      boolean isForPeople = message instanceof FetchErrorDetailsResponse
          || message instanceof AnalyzePlanResponse plan && plan.hasExplain()
          || message instanceof ExecutePlanResponse answer && answer.hasPipelineEventResult();
      Message answer = isForPeople ? texts.replace((Message) message) : (Message) message;
      super.sendMessage((O) (answer instanceof FetchErrorDetailsResponse details ? advised(details) : answer));
    }

    @Override
    public void close(Status status, Metadata trailers) {
      if (status.getDescription() == null) {
        super.close(status, trailers);
        return;
      }
      String way = WaysOut.of(request, status.getDescription());
      byte[] details = trailers.get(DETAILS);
      if (details != null) {
        trailers.discardAll(DETAILS);
        trailers.put(DETAILS, named(details, way));
      }
      super.close(status.withDescription(WaysOut.add(texts.replace(status.getDescription()), way)), trailers);
    }

    /** The details of an error, whose message clients show, with its cause and the sentence that was found for it. */
    private FetchErrorDetailsResponse advised(FetchErrorDetailsResponse details) {
      if (!details.hasRootErrorIdx()) {
        return details;
      }
      FetchErrorDetailsResponse.Builder advised = details.toBuilder();
      var error = advised.getErrorsBuilder(details.getRootErrorIdx());
      String way = request instanceof FetchErrorDetailsRequest wanted ? WaysOut.recall(wanted.getErrorId()) : "";
      error.setMessage(WaysOut.add(Causes.add(details), way));
      return advised.build();
    }

    private byte[] named(byte[] details, String way) {
      try {
        var status = org.sparkproject.connect.google_protos.rpc.Status.parseFrom(details).toBuilder();
        status.setMessage(WaysOut.add(texts.replace(status.getMessage()), way));
        for (int at = 0; at < status.getDetailsCount(); at++) {
          if (status.getDetails(at).is(ErrorInfo.class)) {
            ErrorInfo info = status.getDetails(at).unpack(ErrorInfo.class);
            if (!way.isEmpty()) {
              WaysOut.remember(info.getMetadataOrDefault("errorId", ""), way);
            }
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
