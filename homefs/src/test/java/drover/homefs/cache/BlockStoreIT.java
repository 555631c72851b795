package drover.homefs.cache;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.file.ContentHash;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The store on a disk that it could fill. Needs root.
class BlockStoreIT {
    @TempDir
    Path disk;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=4m", "none", disk.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", disk.toString());
    }

    private static void run(String... command) throws IOException, InterruptedException {
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor());
    }

    @Test
    void aTenthOfTheDiskIsLeftToOthers() throws IOException {
        Random random = new Random(3);
        byte[] content = new byte[ContentHash.BLOCK_BYTES];
        try (var store = new BlockStore(disk.resolve("content"), 1L << 30)) {
            for (int i = 0; i < 100; i++) {
                random.nextBytes(content);
                ByteBuffer block = ByteBuffer.wrap(content);
                store.put(ContentHash.of(block), block);
            }
            assertTrue(store.size() > 20, store.size() + " blocks are kept");
            ByteBuffer last = ByteBuffer.wrap(content);
            assertTrue(store.read(ContentHash.of(last), ByteBuffer.allocate(content.length)), "the last is there");
        }
        var left = Files.getFileStore(disk);
        assertTrue(
                left.getUsableSpace() >= left.getTotalSpace() / 10 - ContentHash.BLOCK_BYTES,
                left.getUsableSpace() + " bytes are left");
    }
}
