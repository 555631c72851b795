package drover.protocol.link;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.mtls.Revocations;
import drover.protocol.mtls.TestAuthority;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.RawUnixChannelOption;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Frames over links that are slow, since the kernel paces what their sockets send, and over such that are not.
class CompressionIT {
    private static final int FRAME = 128 << 10;
    /// 32 Mbit: a busy machine, too, compresses faster.
    private static final int SLOW = 4_000_000;
    /// So many frames wait on the link at most, as of a program that reads a file in a row.
    private static final int AHEAD = 4;

    private final TestAuthority authority = new TestAuthority("test-1");
    private final long seed = Long.getLong("drover.seed", System.nanoTime());
    private final Random random = new Random(seed);
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) one.close();
    }

    private TestNode node(String name, int versionMax) throws Exception {
        var node = new TestNode(authority.issue(name), Revocations.NONE, config -> config.withVersions(1, versionMax));
        open.add(node);
        return node;
    }

    /// From a home to a node and, as an echo, back.
    private final class Pair {
        final TestNode home;
        final TestNode node;
        final LinkChannel there;
        final LinkChannel back;

        Pair(int homesVersion, int nodesVersion, LinkClass linkClass, int bytesPerSecond) throws Exception {
            home = node("n" + (open.size() + 1), homesVersion);
            node = node("n" + (open.size() + 1), nodesVersion);
            home.knows(node);
            home.hub.keep(node.id);
            there = (LinkChannel) home.awaitLink(node.id, linkClass);
            Waiting.until(
                    "the link", () -> node.hub.linkFrom(home.id, linkClass).isPresent());
            back = (LinkChannel) node.hub.linkFrom(home.id, linkClass).orElseThrow();
            if (bytesPerSecond > 0) {
                pace(there, bytesPerSecond);
                pace(back, bytesPerSecond);
            }
        }

        /// Sends all and hears them again, and returns the seconds that it took.
        double echo(List<byte[]> frames) throws InterruptedException {
            home.answers.clear();
            long begun = System.nanoTime();
            for (int i = 0; i < frames.size(); i++) {
                int before = i - AHEAD;
                Waiting.until("an echo", () -> home.answers.size() > before);
                there.send(TestNode.frame(frames.get(i)));
            }
            Waiting.until(
                    () -> home.answers.size() + " of " + frames.size() + " echoes",
                    () -> home.answers.size() == frames.size());
            double seconds = (System.nanoTime() - begun) / 1e9;
            for (int i = 0; i < frames.size(); i++)
                assertArrayEquals(frames.get(i), home.answers.get(i), "frame " + i + " of seed " + seed);
            return seconds;
        }
    }

    private static void pace(LinkChannel link, int bytesPerSecond) {
        // socket(7): SOL_SOCKET, SO_MAX_PACING_RATE
        var pacing = new RawUnixChannelOption("SO_MAX_PACING_RATE", 1, 47, 4);
        ByteBuffer value =
                ByteBuffer.allocateDirect(4).order(ByteOrder.nativeOrder()).putInt(0, bytesPerSecond);
        link.channel().config().setOption(pacing, value);
    }

    private static long acknowledged(LinkChannel link) {
        var info = new RawUnixChannelOption("TCP_INFO", 6, 11, 192);
        return LinkSpeed.TcpInfo.of(
                        ((EpollSocketChannel) link.channel()).config().getOption(info))
                .ackedBytes();
    }

    private List<byte[]> frames(int count, boolean compressible) {
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < count; i++)
            frames.add(compressible ? Samples.text(random, FRAME) : Samples.random(random, FRAME));
        return frames;
    }

    @Test
    void onASlowLinkWhatCanBeCompressedTakesFewerBytes() throws Exception {
        List<byte[]> frames = frames(48, true);
        var plain = new Pair(1, 1, LinkClass.BULK, SLOW);
        double plainSeconds = plain.echo(frames);
        var pair = new Pair(2, 2, LinkClass.BULK, SLOW);
        double seconds = pair.echo(frames);
        long bytes = acknowledged(pair.there);
        long plainBytes = acknowledged(plain.there);
        System.out.printf(
                "6 MiB of text there and back at 32 Mbit: %.2f s and %d bytes, plain %.2f s and %d bytes%n",
                seconds, bytes, plainSeconds, plainBytes);
        assertTrue(bytes < 0.7 * plainBytes, bytes + " and plain " + plainBytes + ", " + pair.home.hub.compression());
        assertEquals(0, plain.home.hub.compression().frames());
        var counted = pair.home.hub.compression();
        assertEquals((long) FRAME * counted.frames(), counted.bytes());
    }

    @Test
    void onASlowLinkWhatCannotBeCompressedGoesAsItIs() throws Exception {
        List<byte[]> frames = frames(24, false);
        var pair = new Pair(2, 2, LinkClass.BULK, SLOW);
        pair.echo(frames);
        long bytes = acknowledged(pair.there);
        assertEquals(0, pair.home.hub.compression().frames());
        assertEquals(0, pair.node.hub.compression().frames());
        assertTrue(bytes < 24L * FRAME * 1.02, bytes + " bytes");
    }

    @Test
    void onAFastLinkNothingIsCompressed() throws Exception {
        List<byte[]> frames = frames(40, true);
        var pair = new Pair(2, 2, LinkClass.BULK, 0);
        for (int round = 0; round < 25; round++) pair.echo(frames);
        assertEquals(0, pair.home.hub.compression().frames());
        assertEquals(0, pair.node.hub.compression().frames());
    }

    @Test
    void aNodeOfTheVersionBeforeWorksWithThisOne() throws Exception {
        List<byte[]> frames = frames(24, true);
        for (int[] versions : new int[][] {{1, 2}, {2, 1}}) {
            var pair = new Pair(versions[0], versions[1], LinkClass.BULK, SLOW);
            assertEquals(1, pair.there.version());
            pair.echo(frames);
            assertEquals(0, pair.home.hub.compression().frames());
            assertEquals(0, pair.node.hub.compression().frames());
        }
    }

    @Test
    void framesOfAllKindsAndSizesKeepTheirOrderAndContent() throws Exception {
        var pair = new Pair(2, 2, LinkClass.BULK, 2 * SLOW);
        pair.echo(frames(24, true));
        List<byte[]> mixed = new ArrayList<>();
        for (int i = 0; i < 200; i++)
            mixed.add(Samples.ofAnyKind(random, 1 + random.nextInt(1 << (1 + random.nextInt(20)))));
        pair.echo(mixed);
        assertTrue(pair.home.hub.compression().frames() > 0
                && pair.node.hub.compression().frames() > 0);
    }

    @Test
    void smallCallsAreNeverCompressed() throws Exception {
        var pair = new Pair(2, 2, LinkClass.FILES, SLOW);
        pair.echo(frames(24, true));
        assertEquals(0, pair.home.hub.compression().frames());
    }

    @Test
    void aLinkThatEndsWhileFramesAreCompressedTakesNothingWithIt() throws Exception {
        var pair = new Pair(2, 2, LinkClass.BULK, SLOW);
        List<byte[]> frames = frames(24, true);
        pair.echo(frames);
        for (byte[] frame : frames) pair.there.send(TestNode.frame(frame));
        pair.there.close("the network failed for a moment");
        Waiting.until(
                "another link",
                () -> pair.home
                        .hub
                        .link(pair.node.id, LinkClass.BULK)
                        .filter(link -> !link.equals(pair.there))
                        .isPresent());
        pair.home.answers.clear();
        pair.home.awaitLink(pair.node.id, LinkClass.BULK).send(TestNode.frame(new byte[] {7}));
        Waiting.until("an echo", () -> pair.home.answers.stream().anyMatch(answer -> answer.length == 1));
    }
}
