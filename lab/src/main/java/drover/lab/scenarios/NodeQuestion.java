package drover.lab.scenarios;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.model.NodeId;
import drover.protocol.local.DaemonSocket;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import drover.protocol.local.LocalFrameWriter;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Asks a node's daemon at its own socket, which is a file of the node. Asking by `drover nodes` would start a
/// Java virtual machine each time, and that on the cores which the daemons need to come up.
final class NodeQuestion {
    /// A daemon that hangs answers nothing; it is asked again later.
    private static final int ANSWER_LIMIT_MILLIS = 5000;

    private static final String SOCKET = "/run/drover/drover.sock";

    private final Lab lab;
    private final JsonMapper json = new JsonMapper();

    NodeQuestion(Lab lab) {
        this.lab = lab;
    }

    /// What `drover nodes --json` prints there; empty while its daemon does not answer.
    JsonNode nodes(NodeId node) {
        Path socket = lab.fileOf(node, SOCKET);
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            CompletableFuture<JsonNode> answer = new CompletableFuture<>();
            Thread.ofVirtual().name("ask-" + node).start(() -> exchange(channel, answer));
            return answer.get(ANSWER_LIMIT_MILLIS, TimeUnit.MILLISECONDS);
        } catch (IOException | ExecutionException | TimeoutException e) {
            return JsonNodeFactory.instance.arrayNode(); // not there yet
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted", e);
        }
    }

    private void exchange(SocketChannel channel, CompletableFuture<JsonNode> answer) {
        try {
            new LocalFrameWriter(channel)
                    .write(new LocalFrame(
                            DaemonSocket.COMMAND, "{\"command\":\"nodes\"}".getBytes(StandardCharsets.UTF_8)));
            LocalFrame frame = new LocalFrameReader(channel)
                    .read()
                    .orElseThrow(() -> new IOException("the connection was closed"));
            answer.complete(json.readTree(frame.fields().rest()).path("result"));
        } catch (IOException | RuntimeException e) {
            answer.completeExceptionally(e);
        }
    }
}
