package drover.daemon.membership;

import static org.junit.jupiter.api.Assertions.assertEquals;

import drover.model.NodeId;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ForgottenNodesIT {
    @TempDir
    Path dir;

    @Test
    void whoHearsThatANodeLeftFindsItInNoFile() throws Exception {
        Path file = dir.resolve("peers");
        List<String> names =
                IntStream.rangeClosed(2, 21).mapToObj(i -> "n" + i + "x").toList();
        StringBuilder text = new StringBuilder();
        for (String name : names) text.append(name).append("=127.0.89.2:7412\n"); // where nobody listens
        Files.writeString(file, text);
        InetSocketAddress control = new InetSocketAddress("127.0.89.1", MembershipNode.PORT);
        MembershipConfig config = MembershipConfig.of(
                "test", new NodeId("n1"), control, control, new InetSocketAddress("127.0.89.1", 7410));
        List<String> stillThere = new CopyOnWriteArrayList<>();
        CountDownLatch left = new CountDownLatch(names.size());
        var tls = TestCertificates.links(new TestCertificates().write(dir, "n1"));
        try (Membership membership = new Membership(config, tls, PeerFile.open(file), InstantSource.system())) {
            membership.listen(event -> {
                if (!(event instanceof MembershipEvent.Left(NodeId node))) return;
                if (read(file).contains(node.name() + "=")) stillThere.add(node.name());
                left.countDown();
            });
            membership.start();
            for (String name : names) membership.forget(new NodeId(name));
            assertEquals(true, left.await(10, TimeUnit.SECONDS));
        }
        assertEquals(List.of(), stillThere);
        assertEquals("", read(file));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
