package drover.daemon.membership;

import drover.daemon.membership.wire.LinkTls;
import drover.model.LoadVector;
import drover.model.NodeId;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Scanner;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/// A process that is one member of a group, for tests: NAME ADDRESS KEYSTORE PEERS. It prints each change with
/// its time in milliseconds, and obeys `leave`, `say TEXT` and `quit` on stdin.
public final class MembershipNode {
    static final int PORT = 7412;

    private MembershipNode() {}

    public static void main(String[] args) throws Exception {
        NodeId self = new NodeId(args[0]);
        LinkTls tls = TestCertificates.links(Path.of(args[2]));
        InetSocketAddress control = new InetSocketAddress(args[1], PORT);
        InetSocketAddress data = new InetSocketAddress(args[1], 7410);
        MembershipConfig config = MembershipConfig.of("test", self, control, control, data);
        Membership membership = new Membership(config, tls, PeerFile.open(Path.of(args[3])), InstantSource.system());
        membership.listen(event -> report(membership, event.toString()));
        membership.receive(
                2,
                (from, message) ->
                        report(membership, "heard " + from + " " + new String(message, StandardCharsets.UTF_8)));
        AtomicLong sequence = new AtomicLong();
        long incarnation = System.currentTimeMillis() / 1000;
        LoadGossip gossip = new LoadGossip(
                self,
                membership,
                () -> new LoadVector(1, 1, 0.5, 1L << 33, 1L << 32, -1, -1, 0, sequence.incrementAndGet(), incarnation),
                new SplittableRandom(),
                System::nanoTime);
        AtomicInteger loads = new AtomicInteger();
        gossip.onReceipt(() -> {
            int now = gossip.view().entries().size();
            if (loads.getAndSet(now) != now) report(membership, "load of " + now);
        });
        membership.start();
        gossip.start();
        report(membership, "started");
        try (Scanner commands = new Scanner(System.in, StandardCharsets.UTF_8)) {
            while (commands.hasNextLine()) {
                String line = commands.nextLine();
                if (line.equals("leave")) {
                    membership.leave();
                    break;
                } else if (line.startsWith("say ")) {
                    membership.broadcast(2, line.substring(4).getBytes(StandardCharsets.UTF_8));
                } else if (line.equals("bytes")) {
                    report(membership, "bytes " + gossip.sentByteCount());
                } else if (line.equals("quit")) {
                    break;
                }
            }
        }
        membership.close();
        System.exit(0);
    }

    private static synchronized void report(Membership membership, String what) {
        String roster = membership.members().stream()
                .map(member -> member.node() + ":" + member.state())
                .collect(Collectors.joining(","));
        System.out.println(System.currentTimeMillis() + " [" + roster + "] " + what);
    }
}
