package drover.homefs.cache;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.ContentHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BlockStoreTest {
    private static final int SLOTS = 8;
    private static final long LIMIT = SLOTS * ContentHash.BLOCK_BYTES + 5L;

    @TempDir
    Path directory;

    private static byte[] block(int seed) {
        byte[] block = new byte[ContentHash.BLOCK_BYTES - seed % 100];
        new Random(seed).nextBytes(block);
        return block;
    }

    private static void put(BlockStore store, int seed) {
        ByteBuffer block = ByteBuffer.wrap(block(seed));
        store.put(ContentHash.of(block), block);
    }

    private static boolean has(BlockStore store, int seed) {
        byte[] block = block(seed);
        ByteBuffer into = ByteBuffer.allocateDirect(block.length);
        if (!store.read(ContentHash.of(ByteBuffer.wrap(block)), into)) return false;
        byte[] got = new byte[block.length];
        into.flip().get(got);
        assertArrayEquals(block, got, "block " + seed);
        return true;
    }

    @Test
    void whatWasPutIsThereAlsoAfterARestart() throws IOException {
        try (var store = new BlockStore(directory, LIMIT)) {
            assertFalse(has(store, 1));
            put(store, 1);
            put(store, 1);
            put(store, 2);
            assertEquals(2, store.size());
            assertTrue(has(store, 1));
        }
        try (var store = new BlockStore(directory, LIMIT)) {
            assertTrue(has(store, 1));
            assertTrue(has(store, 2));
            assertFalse(has(store, 3));
        }
    }

    @Test
    void nobodyElseMayReadIt() throws IOException {
        new BlockStore(directory.resolve("content"), LIMIT).close();
        assertEquals(
                "rwx------",
                java.nio.file.attribute.PosixFilePermissions.toString(
                        Files.getPosixFilePermissions(directory.resolve("content"))));
    }

    @Test
    void aSpoiltBlockIsNotGiven() throws IOException {
        try (var store = new BlockStore(directory, LIMIT)) {
            put(store, 1);
            put(store, 2);
            try (var file = FileChannel.open(directory.resolve("blocks"), StandardOpenOption.WRITE)) {
                file.write(ByteBuffer.wrap(new byte[] {1, 2, 3}), 70);
            }
            assertFalse(has(store, 1));
            assertTrue(has(store, 2));
            put(store, 1);
            assertTrue(has(store, 1));
        }
    }

    @Test
    void anIndexOrBlocksOfAnyLengthAndContentAreOpened() throws IOException {
        try (var store = new BlockStore(directory, LIMIT)) {
            for (int i = 0; i < SLOTS; i++) put(store, i);
        }
        byte[] index = Files.readAllBytes(directory.resolve("index"));
        Random random = new Random(5);
        for (int round = 0; round < 30; round++) {
            byte[] spoilt = java.util.Arrays.copyOf(index, random.nextInt(index.length + 50));
            for (int i = 0; i < spoilt.length; i += 1 + random.nextInt(60)) spoilt[i] = (byte) random.nextInt();
            Files.write(directory.resolve("index"), spoilt);
            try (var store = new BlockStore(directory, LIMIT)) {
                for (int i = 0; i < SLOTS; i++) has(store, i); // compares what it is given
                put(store, 1000 + round);
                assertTrue(has(store, 1000 + round));
            }
        }
        Files.write(directory.resolve("blocks"), new byte[10]);
        Files.write(directory.resolve("index"), index);
        try (var store = new BlockStore(directory, LIMIT)) {
            assertFalse(has(store, 1));
        }
    }

    @Test
    void itDoesNotGrowAndKeepsWhatIsRead() throws IOException {
        try (var store = new BlockStore(directory, LIMIT)) {
            put(store, 0);
            for (int i = 1; i < 50; i++) {
                put(store, i);
                assertTrue(has(store, 0), "after " + i);
            }
            assertEquals(SLOTS, store.size());
            assertTrue(Files.size(directory.resolve("blocks")) <= LIMIT);
        }
        try (var store = new BlockStore(directory, 3L * ContentHash.BLOCK_BYTES)) {
            assertTrue(store.size() <= 3);
            assertTrue(Files.size(directory.resolve("blocks")) <= 3L * ContentHash.BLOCK_BYTES);
        }
    }

    @Test
    void manyThreadsReadAndPutAtOnce() throws Exception {
        try (var store = new BlockStore(directory, LIMIT);
                var threads = Executors.newFixedThreadPool(4)) {
            List<Future<Void>> done = new ArrayList<>();
            for (int thread = 0; thread < 4; thread++) {
                Random random = new Random(thread);
                Callable<Void> work = () -> {
                    for (int i = 0; i < 300; i++) {
                        int seed = random.nextInt(20);
                        if (!has(store, seed)) put(store, seed);
                    }
                    return null;
                };
                done.add(threads.submit(work));
            }
            for (var each : done) each.get();
            assertTrue(store.size() <= SLOTS);
        }
    }
}
