package drover.protocol.link;

import drover.protocol.mtls.TestAuthority;
import io.netty.buffer.ByteBuf;
import java.util.Arrays;
import java.util.concurrent.Semaphore;

/// A measurement, not a test: how long an echo of 100 B and of 4 KiB takes over loopback, one at a time.
/// Run its main with the module's test class path.
final class EchoLatency {
    private static final int WARM_UP = 20_000;
    private static final int MEASURED = 20_000;

    private EchoLatency() {}

    public static void main(String[] args) throws Exception {
        var authority = new TestAuthority("test-1");
        try (var n1 = new TestNode(authority.issue("n1"));
                var n2 = new TestNode(authority.issue("n2"))) {
            n1.knows(n2);
            n1.hub.keep(n2.id);
            Link link = n1.awaitLink(n2.id, LinkClass.FILES);
            for (int size : new int[] {100, 4096}) {
                measureFromAThread(n1, link, size);
                measureOnTheEventLoop(n1, link, size);
            }
        }
    }

    private static void measureFromAThread(TestNode home, Link link, int size) throws InterruptedException {
        byte[] content = new byte[size];
        var answered = new Semaphore(0);
        home.onAnswer = answered::release;
        long[] nanos = new long[MEASURED];
        for (int i = -WARM_UP; i < MEASURED; i++) {
            long begun = System.nanoTime();
            ByteBuf frame = TestNode.frame(content);
            link.send(frame);
            answered.acquire();
            if (i >= 0) nanos[i] = System.nanoTime() - begun;
        }
        Arrays.sort(nanos);
        System.out.printf(
                "%d B echo, asked by a thread: p50 %.1f us, p99 %.1f us%n",
                size, nanos[MEASURED / 2] / 1e3, nanos[MEASURED * 99 / 100] / 1e3);
    }

    private static void measureOnTheEventLoop(TestNode home, Link link, int size) throws InterruptedException {
        byte[] content = new byte[size];
        var done = new Semaphore(0);
        long[] nanos = new long[MEASURED];
        home.onAnswer = new Runnable() {
            private int i = -WARM_UP;
            private long begun = System.nanoTime();

            @Override
            public void run() {
                if (i >= 0) nanos[i] = System.nanoTime() - begun;
                if (++i == MEASURED) {
                    done.release();
                    return;
                }
                begun = System.nanoTime();
                link.send(TestNode.frame(content));
            }
        };
        link.send(TestNode.frame(content));
        done.acquire();
        Arrays.sort(nanos);
        System.out.printf(
                "%d B echo, asked on the event loop: p50 %.1f us, p99 %.1f us%n",
                size, nanos[MEASURED / 2] / 1e3, nanos[MEASURED * 99 / 100] / 1e3);
    }
}
