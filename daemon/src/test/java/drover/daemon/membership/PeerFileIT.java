package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.NodeId;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PeerFileIT {
    @TempDir
    Path dir;

    private static PeerFile.Peer peer(String host) {
        return new PeerFile.Peer(new InetSocketAddress(host, 7412), new InetSocketAddress(host, 7410));
    }

    @Test
    void whatIsLearntIsThereAfterARestart() throws IOException {
        Path path = dir.resolve("peers");
        PeerFile.open(path).learn(Map.of(new NodeId("n1"), peer("10.1.2.3"), new NodeId("n2"), peer("fd00::7")));
        assertEquals(
                Map.of(new NodeId("n1"), peer("10.1.2.3"), new NodeId("n2"), peer("fd00::7")),
                PeerFile.open(path).all());
        try (var files = Files.list(dir)) {
            assertEquals(List.of(path), files.toList(), "nothing else is left behind");
        }
    }

    @Test
    void whoLeftForGoodIsRemoved() throws IOException {
        Path path = dir.resolve("peers");
        PeerFile peers = PeerFile.open(path);
        peers.learn(Map.of(new NodeId("n1"), peer("10.1.2.3"), new NodeId("n2"), peer("10.1.2.4")));
        peers.forget(new NodeId("n1"));
        assertEquals(
                Set.of(new NodeId("n2")), Set.copyOf(PeerFile.open(path).all().keySet()));
    }

    @Test
    void aDamagedLineCostsOnlyItself() throws IOException {
        Path path = dir.resolve("peers");
        Files.writeString(
                path, "n1=10.0.0.1:7412\nnonsense\nN!=1:2\nn3=10.0.0.3:99999\nn2=10.0.0.2:7412 data=10.0.0.2:99\n");
        assertEquals(
                Map.of(
                        new NodeId("n1"),
                        peer("10.0.0.1"),
                        new NodeId("n2"),
                        new PeerFile.Peer(
                                new InetSocketAddress("10.0.0.2", 7412), new InetSocketAddress("10.0.0.2", 99))),
                PeerFile.open(path).all());
    }

    @Test
    void nothingIsWrittenWhenNothingIsNew() throws IOException {
        Path path = dir.resolve("peers");
        PeerFile peers = PeerFile.open(path);
        peers.learn(Map.of(new NodeId("n1"), peer("10.1.2.3")));
        Files.delete(path);
        peers.learn(Map.of(new NodeId("n1"), peer("10.1.2.3")));
        assertTrue(Files.notExists(path));
    }
}
