package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.cache.BlockStore;
import drover.linux.fuse.FuseDevice;
import drover.linux.syscall.Close;
import drover.linux.syscall.Open;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.CallCodec;
import drover.protocol.file.ContentHash;
import drover.protocol.file.FileAttributes;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileTime;
import drover.protocol.file.Lease;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A reader goes on whatever home says of a file's blocks, and home sends none twice.
@Timeout(60) // what is waited for without a limit
class SpoiltBlocksIT {
    private static final long FILE = 5;
    private static final int BLOCKS = 12;
    private static final int SIZE = BLOCKS * ContentHash.BLOCK_BYTES;
    private static final FileTime TIME = new FileTime(1, 2);
    private static final FileAttributes PROGRAM =
            new FileAttributes(105, 7, 105, 0100755, 1, 0, 0, 0, SIZE, SIZE / 512, 4096, TIME, TIME, TIME, TIME);

    @TempDir
    Path directory;

    private final ExecutorService wire = Executors.newSingleThreadExecutor();
    private final int descriptor = Open.openat(
            Open.AT_FDCWD, "/dev/null".getBytes(StandardCharsets.US_ASCII), Open.O_RDWR | Open.O_CLOEXEC, 0);
    private final KnownNodes nodes = new KnownNodes();
    private CompletableFuture<Void> asksHome = new CompletableFuture<>();
    /// What home says that each block is.
    private ByteBuffer block = ByteBuffer.allocateDirect(100);
    /// The same of the first, where it is another.
    private volatile ByteBuffer first;
    private final AtomicInteger firstSent = new AtomicInteger();
    private volatile Class<?> fails = Void.class;
    private Conversation conversation;
    private BlockStore store;
    private HashedReads reads;

    @BeforeEach
    void connect() throws Exception {
        NodeId home = new NodeId("home");
        HomeMountConfig config = HomeMountConfig.of(0, 1);
        MountCounters counters = new MountCounters();
        FuseDevice device = new FuseDevice(descriptor);
        Grants grants = new Grants(device, config, counters);
        OpenHandles handles = new OpenHandles();
        conversation = new Conversation(home, this::send, config, new Restarts(home, nodes, handles, false), counters);
        LocalOpens locals = new LocalOpens(home, conversation, handles, nodes, handle -> {});
        ReplyTranslator replies = new ReplyTranslator(device, nodes, handles, grants, new Walks(), counters, null);
        store = new BlockStore(directory.resolve("store"), 4 << 20);
        reads = new HashedReads("reads", nodes, grants, locals, conversation, replies, store, counters);
        conversation.linkUp();
        conversation.awaitUp(); // before that, calls wait, and do not fail
        Bytes name = Bytes.of("a-program-of-home-alone");
        nodes.seen(1, name, new FileResult.Entry(FILE, PROGRAM, Lease.FULL, Lease.FULL, true));
        nodes.get(FILE).opened(PROGRAM);
        nodes.get(FILE).openToAll(true);
    }

    @AfterEach
    void close() throws Exception {
        reads.close();
        wire.shutdownNow();
        store.close();
        Close.close(descriptor);
    }

    private boolean send(LinkClass linkClass, ByteBuf frame) {
        try {
            FileCall call = CallCodec.decode(frame);
            if (fails.isInstance(call.operation())) throw new IllegalStateException("meant to fail");
            wire.execute(() -> answer(call.id(), call.operation()));
            return true;
        } catch (MalformedFileFrame e) {
            throw new IllegalStateException(e);
        } finally {
            frame.release();
        }
    }

    private void answer(long id, FileOperation operation) {
        FileResult result = switch (operation) {
            case FileOperation.Hello _ -> new FileResult.Welcome(CallCodec.VERSION, 1, 1);
            case FileOperation.HashBlocks _ -> {
                List<ContentHash> hashes = new ArrayList<>(Collections.nCopies(BLOCKS, ContentHash.of(block)));
                if (first != null) hashes.set(0, ContentHash.of(first));
                yield new FileResult.Hashes(hashes);
            }
            case FileOperation.Read(long _, long offset, int _)
            when offset == 0 && first != null -> {
                firstSent.incrementAndGet();
                yield new FileResult.Data(Unpooled.wrappedBuffer(first));
            }
            case FileOperation.Read _ -> new FileResult.Data(Unpooled.wrappedBuffer(block));
            default -> new FileResult.Ok();
        };
        PendingCall call = conversation.take(id);
        if (call != null) call.then.accept(new FileReply.Done(id, result));
    }

    /// One reader misses it, and looks for others while it arrives for another reader.
    @Test
    void aBlockThatArrivesWhileOtherBlocksAreLookedForIsNotSentAgain() throws Exception {
        block = ByteBuffer.allocateDirect(ContentHash.BLOCK_BYTES);
        store.put(ContentHash.of(block), block);
        for (int round = 1; round <= 30; round++) {
            nodes.get(FILE).changed();
            nodes.get(FILE).opened(PROGRAM);
            nodes.get(FILE).openToAll(true);
            ByteBuffer other = ByteBuffer.allocateDirect(ContentHash.BLOCK_BYTES);
            other.putInt(0, round);
            first = other;
            AtomicInteger asked = new AtomicInteger();
            reads.takes(2L * round, FILE, new FileOperation.Read(9, 0, SIZE), asked::incrementAndGet);
            reads.takes(2L * round + 1, FILE, new FileOperation.Read(9, 0, 4096), asked::incrementAndGet);
            for (int i = 0; reads.underWay() > 0; i++) {
                assertTrue(i < 10_000, "a reader waits for ever");
                Thread.sleep(1);
            }
            assertEquals(0, asked.get(), "reads that home was asked for");
            assertEquals(round, firstSent.get(), "times that home has sent the first block");
        }
    }

    private void assertGoesOn() {
        CompletableFuture<Void> goesOn = asksHome;
        reads.takes(77, FILE, new FileOperation.Read(9, 0, 2 * ContentHash.BLOCK_BYTES), () -> goesOn.complete(null));
        assertDoesNotThrow(() -> asksHome.get(10, TimeUnit.SECONDS), "the reader waits for ever");
    }

    @Test
    void aBlockThatIsShorterThanTheFileHasIt() {
        assertGoesOn();
    }

    @Test
    void aBlockThatIsLonger() {
        block = ByteBuffer.allocateDirect(ContentHash.BLOCK_BYTES + 100);
        assertGoesOn();
    }

    @Test
    void aCallForHashesThatCannotBeMade() {
        fails = FileOperation.HashBlocks.class;
        assertGoesOn();
    }

    @Test
    void aCallForABlockThatCannotBeMade() {
        block = ByteBuffer.allocateDirect(ContentHash.BLOCK_BYTES);
        fails = FileOperation.Read.class;
        assertGoesOn();
        asksHome = new CompletableFuture<>();
        assertGoesOn(); // the next one, too
    }
}
