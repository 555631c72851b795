package drover.protocol.link;

import drover.protocol.mtls.TestAuthority;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Semaphore;

/// A measurement, not a test: how many bytes a second a link of class BULK echoes over loopback, in frames of 256
/// KiB as reads of a file have them and of 1 MiB as writes, and how much CPU time each megabyte costs in both
/// directions together. Run its main with the module's test class path.
final class EchoRate {
    private static final int IN_FLIGHT = 4;
    private static final long ROUND_BYTES = 1L << 30;
    private static final int ROUNDS = 7;

    private EchoRate() {}

    public static void main(String[] args) throws Exception {
        var authority = new TestAuthority("test-1");
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            Link link = n1.awaitLink(n2.id, LinkClass.BULK);
            for (int size : new int[] {(256 << 10) + 15, (1 << 20) + 60}) measure(n1, link, size);
        }
    }

    private static void measure(TestNode home, Link link, int size) throws Exception {
        byte[] content = new byte[size];
        long frames = ROUND_BYTES / size;
        double[] wall = new double[ROUNDS];
        double[] cpu = new double[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            var room = new Semaphore(IN_FLIGHT);
            home.onAnswer = room::release;
            long begun = System.nanoTime();
            double cpuBegun = cpuSeconds();
            for (long i = 0; i < frames; i++) {
                room.acquire();
                link.send(TestNode.frame(content));
            }
            room.acquire(IN_FLIGHT);
            wall[round] = (System.nanoTime() - begun) / 1e9;
            cpu[round] = cpuSeconds() - cpuBegun;
        }
        Arrays.sort(wall);
        Arrays.sort(cpu);
        double megabytes = frames * (double) size / 1e6;
        System.out.printf(
                "%d B echo: %.0f MB/s each way, %.2f ms of CPU a MB there and back (medians of %d)%n",
                size, megabytes / wall[ROUNDS / 2], 1e3 * cpu[ROUNDS / 2] / megabytes, ROUNDS);
    }

    private static double cpuSeconds() throws Exception {
        String[] fields = Files.readString(Path.of("/proc/self/stat"))
                .replaceFirst(".*\\) ", "")
                .split(" ");
        return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / 100.0;
    }
}
