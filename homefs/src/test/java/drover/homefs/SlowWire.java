package drover.homefs;

import drover.protocol.link.LinkClass;
import java.util.EnumMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/// Frames between one node and home that take a random time each: those of one class and direction stay in
/// order, all else may overtake. Any thread.
final class SlowWire implements AutoCloseable {
    private final Map<LinkClass, ExecutorService> toHome = new EnumMap<>(LinkClass.class);
    private final Map<LinkClass, ExecutorService> toNode = new EnumMap<>(LinkClass.class);
    private final Random random;

    SlowWire(long seed) {
        random = new Random(seed);
        for (LinkClass linkClass : LinkClass.values()) {
            toHome.put(linkClass, oneByOne());
            toNode.put(linkClass, oneByOne());
        }
    }

    private static ExecutorService oneByOne() {
        return Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name("wire").daemon().factory());
    }

    void toHome(LinkClass linkClass, Runnable arrive) {
        send(toHome.get(linkClass), arrive);
    }

    void toNode(LinkClass linkClass, Runnable arrive) {
        send(toNode.get(linkClass), arrive);
    }

    private void send(ExecutorService wire, Runnable arrive) {
        // most are fast, some are late by what a busy thread or a lost packet costs
        int micros = random.nextInt(20) == 0 ? random.nextInt(4_000) : 0;
        wire.execute(() -> {
            if (micros > 0) LockSupport.parkNanos(micros * 1_000L);
            arrive.run();
        });
    }

    @Override
    public void close() {
        toHome.values().forEach(ExecutorService::shutdownNow);
        toNode.values().forEach(ExecutorService::shutdownNow);
    }
}
