package drover.homefs.mount;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.linux.fuse.FuseDevice;
import drover.linux.fuse.FuseOpcode;
import drover.linux.fuse.FuseRequest;
import drover.linux.syscall.Close;
import drover.linux.syscall.Open;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.CallCodec;
import drover.protocol.file.Caller;
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
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a node asks home for ahead, with a home that answers when the test says so. The kernel's side is /dev/null.
class AheadCallsIT {
    private static final NodeId HOME = new NodeId("home");
    private static final Caller CALLER = new Caller(1, 1, 0, 0);
    private static final FileTime TIME = new FileTime(0, 0);

    private final int sink = Open.openat(
            Open.AT_FDCWD, "/dev/null".getBytes(StandardCharsets.US_ASCII), Open.O_RDWR | Open.O_CLOEXEC, 0);
    private final FuseDevice device = new FuseDevice(sink);
    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final HomeMountConfig config = HomeMountConfig.of(0, 1);
    private final MountCounters counters = new MountCounters();
    private final KnownNodes nodes = new KnownNodes();
    private final OpenHandles handles = new OpenHandles();
    private final Grants grants = new Grants(device, config, counters);
    private final Conversation conversation =
            new Conversation(HOME, this::send, config, new Restarts(HOME, nodes, handles, false), counters);
    private final GivenBack back = new GivenBack(nodes, handles, conversation, new Forgotten(conversation, clock));
    private final Ahead kept = new Ahead(back::neverUsed);
    private final Walks walks = new Walks();
    private final Pruning pruning = new Pruning(
            "pruning",
            device,
            nodes,
            handles,
            new LocalOpens(HOME, conversation, handles, nodes, back::release),
            1_000_000);
    private final AheadCalls ahead = new AheadCalls(
            kept,
            walks,
            nodes,
            handles,
            grants,
            conversation,
            new ReplyTranslator(device, nodes, handles, grants, walks, counters, back),
            back,
            pruning,
            counters,
            clock);

    private final Queue<FileCall> calls = new ArrayDeque<>();
    private final List<Bytes> askedAhead = new ArrayList<>();
    private long uniques = 1;
    private long ids = 1_000;

    @BeforeEach
    void connect() {
        grants.mayBelieve(true);
        conversation.linkUp();
        answerAll(null);
    }

    @AfterEach
    void close() {
        pruning.close();
        clock.shutdownNow();
        Close.close(sink);
    }

    private boolean send(LinkClass linkClass, ByteBuf frame) {
        try {
            calls.add(CallCodec.decode(frame));
            return true;
        } catch (MalformedFileFrame e) {
            throw new IllegalStateException(e);
        } finally {
            frame.release();
        }
    }

    /// @param found what home says of a name
    private void answerAll(Function<Bytes, FileResult.Found> found) {
        for (FileCall call = calls.poll(); call != null; call = calls.poll()) {
            FileResult result = switch (call.operation()) {
                case FileOperation.Hello _ -> new FileResult.Welcome(CallCodec.VERSION, 1, 0);
                case FileOperation.AllRevived _ -> new FileResult.Ok();
                case FileOperation.LookUpAll(long _, List<Bytes> names, int _) -> {
                    askedAhead.addAll(names);
                    yield new FileResult.FoundAll(names.stream().map(found).toList());
                }
                case FileOperation.OpenDirectory _ ->
                    new FileResult.Opened(9, attributes(1), Unpooled.EMPTY_BUFFER, false, false);
                case FileOperation.ReadDirectory(long _, long offset, int _, boolean _) ->
                    new FileResult.Listing(offset == 0 ? listed(2_000) : List.of());
                default -> null;
            };
            PendingCall pending = conversation.take(call.id());
            if (pending != null && result != null) pending.then.accept(new FileReply.Done(call.id(), result));
        }
    }

    private static Bytes name(int i) {
        return Bytes.of("f" + i);
    }

    private static List<FileResult.Listed> listed(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> new FileResult.Listed(name(i), i, i + 1, 8, null))
                .toList();
    }

    private static FileAttributes attributes(long node) {
        return new FileAttributes(node, 7, node, 0100644, 1, 0, 0, 0, 7, 0, 4096, TIME, TIME, TIME, TIME);
    }

    private FileResult.Found found(Bytes name, Lease lease) {
        long id = ids++;
        return new FileResult.Found(
                name, new FileResult.Entry(id, attributes(id), lease, lease, true), Lease.NONE, null);
    }

    private boolean lookUp(long unique, long directory, Bytes name, Runnable otherwise) {
        FileOperation.Lookup lookup = new FileOperation.Lookup(directory, name);
        return ahead.lookUp(
                new PendingCall(
                        unique & ~FuseRequest.RESENT,
                        unique,
                        FuseOpcode.LOOKUP,
                        directory,
                        0,
                        0,
                        lookup,
                        grants.generation(),
                        null),
                lookup,
                CALLER,
                otherwise);
    }

    private void lookUp(long directory, int i, Lease lease) {
        lookUp(uniques++, directory, name(i), () -> {});
        answerAll(name -> found(name, lease));
    }

    @Test
    void theNamesOfManyDirectoriesTakeNoMoreMemoryThanTheyMay() {
        for (int directory = 1; directory <= 100; directory++)
            for (int i = 0; i < 5; i++) lookUp(directory, i, Lease.FULL);
        assertTrue(walks.names() > 0, "home was asked for names");
        assertTrue(walks.names() <= 65_536, walks.names() + " names");
    }

    @Test
    void whereHomePromisesNothingItIsSoonAskedNothingAhead() {
        walks.listed(
                1, true, IntStream.range(0, 1_000).mapToObj(AheadCallsIT::name).toList());
        for (int i = 0; i < 500; i++) lookUp(1, i, Lease.BRIEF);
        assertTrue(!askedAhead.isEmpty() && askedAhead.size() <= 32, askedAhead.size() + " names in vain");
    }

    @Test
    void wherePromisesAreMadeItIsAskedAheadToTheEnd() {
        walks.listed(
                1, true, IntStream.range(0, 1_000).mapToObj(AheadCallsIT::name).toList());
        for (int i = 0; i < 1_000; i++) lookUp(1, i, Lease.FULL);
        assertTrue(askedAhead.size() > 980, askedAhead.size() + " names");
    }

    /// Home takes back what it has promised and nothing else: without a promise, a change may have been made, and
    /// answered to who made it, between home's look and the question of who comes to wait for that.
    @Test
    void whoCameLaterIsNotAnsweredByWhatHomeDoesNotPromise() {
        for (Lease lease : List.of(Lease.FULL, Lease.NONE)) {
            long directory = ids++;
            walks.listed(
                    directory,
                    true,
                    IntStream.range(0, 100).mapToObj(AheadCallsIT::name).toList());
            int next = 0;
            while (calls.isEmpty()) lookUp(uniques++, directory, name(next++), () -> {});
            List<String> done = new ArrayList<>();
            assertTrue(lookUp(uniques++, directory, name(next + 2), () -> done.add("asked alone")));
            answerAll(name -> found(name, lease));
            assertEquals(lease == Lease.FULL ? List.of() : List.of("asked alone"), done, lease.toString());
        }
    }

    @Test
    void aRequestThatTheKernelSentAgainCanBeInterrupted() {
        for (int i = 0; i < 3; i++) walks.of(1).opened();
        List<String> done = new ArrayList<>();
        long unique = uniques++;
        assertTrue(lookUp(unique | FuseRequest.RESENT, 1, name(1), () -> done.add("asked alone")));
        ahead.giveUp(unique);
        assertEquals(List.of("asked alone"), done);
    }

    @Test
    void whoWaitsIsAnsweredAlsoWhenHomeTalksNonsense() {
        for (int i = 0; i < 3; i++) walks.of(1).opened();
        lookUp(uniques++, 1, name(1), () -> {});
        answerAll(name -> new FileResult.Found(name, null, Lease.FULL, Bytes.of("content of nothing")));
        List<String> done = new ArrayList<>();
        lookUp(uniques++, 1, name(1), () -> done.add("asked alone"));
        answerAll(name -> found(name, Lease.FULL));
        assertEquals(List.of(), done);
        assertEquals(1, nodes.size());
    }
}
