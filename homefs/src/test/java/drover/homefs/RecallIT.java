package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.server.FileServer;
import drover.homefs.server.FileServerConfig;
import drover.linux.syscall.Errno;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.CallCodec;
import drover.protocol.file.Caller;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileRecall;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.Lease;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.RecallCodec;
import drover.protocol.file.ReplyCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What home promises nodes and takes back from them: calls made by hand, straight to home, by nodes that never
/// acknowledge. Needs root.
class RecallIT {
    private static final NodeId ONE = new NodeId("n1");
    private static final NodeId TWO = new NodeId("n2");
    private static final Map<NodeId, GuestKey> GUESTS = Map.of(ONE, TwoNodes.guest(1), TWO, TwoNodes.guest(2));

    private final Map<Long, CompletableFuture<FileReply>> answers = new ConcurrentHashMap<>();
    private final Map<NodeId, List<FileRecall.Item>> recalls =
            Map.of(ONE, new CopyOnWriteArrayList<>(), TWO, new CopyOnWriteArrayList<>());
    private Path root;
    private Path state;
    private FileServer server;
    private long nextId = 1;

    @BeforeEach
    void serve() throws IOException {
        root = Files.createTempDirectory("drover-recall");
        state = Files.createTempDirectory("drover-recall-state");
        server = new FileServer(
                new FileServerConfig(
                        TwoNodes.HOME,
                        root,
                        List.of(),
                        state.resolve("performed"),
                        state.resolve("cookies"),
                        Duration.ofMillis(200),
                        77,
                        4,
                        64,
                        100_000,
                        200,
                        100,
                        256,
                        512),
                (node, guest) -> Optional.of(new Credentials(0, 0, List.of())),
                guest -> {});
        for (NodeId node : GUESTS.keySet())
            call(node, new FileOperation.Hello(CallCodec.VERSION, 1000 + node.hashCode()));
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        for (Path tree : List.of(root, state))
            try (var files = Files.walk(tree)) {
                for (Path path :
                        files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
            }
    }

    private CompletableFuture<FileReply> begin(NodeId node, FileOperation operation) {
        long id = nextId++;
        Caller caller = operation instanceof FileOperation.Hello ? Caller.NOBODY : Caller.of(GUESTS.get(node), 0, 0);
        ByteBuf frame = CallCodec.encode(new FileCall(id, caller, operation), ByteBufAllocator.DEFAULT);
        CompletableFuture<FileReply> answer = new CompletableFuture<>();
        answers.put(id, answer);
        server.onFrame(node, LinkClass.FILES, frame, (linkClass, reply) -> arrived(node, reply));
        frame.release();
        return answer.orTimeout(10, TimeUnit.SECONDS);
    }

    private FileReply call(NodeId node, FileOperation operation) {
        return begin(node, operation).join();
    }

    private void arrived(NodeId node, ByteBuf frame) {
        try {
            if (RecallCodec.isRecall(frame)) {
                recalls.get(node).addAll(RecallCodec.decode(frame).items());
                return;
            }
            FileReply reply = ReplyCodec.decode(frame);
            answers.remove(reply.id()).complete(reply);
        } catch (MalformedFileFrame e) {
            throw new IllegalStateException(e);
        } finally {
            frame.release();
        }
    }

    private FileResult.Entry lookup(NodeId node, long parent, String name) {
        FileReply reply = call(node, new FileOperation.Lookup(parent, Bytes.of(name)));
        return assertInstanceOf(
                FileResult.Entry.class,
                assertInstanceOf(FileReply.Done.class, reply).result());
    }

    private Lease absence(NodeId node, long parent, String name) {
        var failed =
                assertInstanceOf(FileReply.Failed.class, call(node, new FileOperation.Lookup(parent, Bytes.of(name))));
        assertEquals(Errno.ENOENT, failed.errno());
        return failed.lease();
    }

    @Test
    void aNodeDoesNotBelieveOfItsNewNameWhatWasTakenBackOfTheOldOne() throws Exception {
        Files.writeString(root.resolve("f"), "f");
        Files.writeString(root.resolve("g"), "g");
        lookup(ONE, 1, "f");
        call(TWO, new FileOperation.Rename(1, Bytes.of("f"), 1, Bytes.of("g"), 2));
        // its kernel holds the directory for this, and believes of the name h what it believed of f
        call(ONE, new FileOperation.Rename(1, Bytes.of("f"), 1, Bytes.of("h"), 0));
        for (int i = 0; i < 100 && recalls.get(ONE).stream().noneMatch(RecallIT::isOfH); i++) Thread.sleep(10);
        assertTrue(recalls.get(ONE).stream().anyMatch(RecallIT::isOfH), "only " + recalls.get(ONE));
    }

    /// What this process itself does at home is no news: here it stands for what has not been heard of yet.
    @Test
    void aFileIsTakenBackOfANodeThatFindsItsNameGoneBeforeHomeHeardOfIt() throws Exception {
        Files.writeString(root.resolve("f"), "f");
        long file = promised("f");
        Files.delete(root.resolve("f"));
        absence(ONE, 1, "f");
        awaitRecall(file);
    }

    @Test
    void aFileIsTakenBackOfANodeThatFindsAnotherByItsNameBeforeHomeHeardOfIt() throws Exception {
        Files.writeString(root.resolve("f"), "f");
        Files.writeString(root.resolve("g"), "g");
        long file = promised("f");
        Files.move(root.resolve("g"), root.resolve("f"), StandardCopyOption.REPLACE_EXISTING);
        lookup(ONE, 1, "f");
        awaitRecall(file);
    }

    /// Until home watches the directory, it promises less.
    private long promised(String name) throws InterruptedException {
        for (int i = 0; i < 500; i++) {
            FileResult.Entry entry = lookup(ONE, 1, name);
            if (entry.attributesLease() == Lease.FULL) return entry.node();
            Thread.sleep(10);
        }
        throw new AssertionError("home promises nothing");
    }

    private void awaitRecall(long file) throws InterruptedException {
        for (int i = 0; i < 500 && !isTakenBack(file); i++) Thread.sleep(10);
        assertTrue(isTakenBack(file), "only " + recalls.get(ONE));
    }

    private boolean isTakenBack(long file) {
        return recalls.get(ONE).stream()
                .anyMatch(item -> item instanceof FileRecall.Item.Name name && name.node() == file);
    }

    /// When anybody mounts something on this machine, all is taken back: such a round does not count.
    @Test
    void ofWhatANodeRemovesItselfNothingIsTakenBack() throws Exception {
        for (int round = 1; !takenBackOfWhatItRemovesItself().isEmpty(); round++)
            assertTrue(round < 5, () -> "each time, and now " + recalls.get(ONE));
    }

    private List<FileRecall.Item> takenBackOfWhatItRemovesItself() throws Exception {
        Files.writeString(root.resolve("f"), "f");
        promised("f");
        recalls.get(ONE).clear(); // of the beginning
        call(ONE, new FileOperation.Unlink(1, Bytes.of("f")));
        call(ONE, new FileOperation.Symlink(1, Bytes.of("f"), Bytes.of("target")));
        call(ONE, new FileOperation.Unlink(1, Bytes.of("f")));
        absence(ONE, 1, "f");
        return List.copyOf(recalls.get(ONE));
    }

    private static boolean isOfH(FileRecall.Item item) {
        return item instanceof FileRecall.Item.Name name && name.name().equals(Bytes.of("h"));
    }

    @Test
    void directoriesThatNoNodeKnowsAnyMoreAreNotWatched() throws Exception {
        int directories = 200; // more than there are descriptors
        for (int i = 0; i < directories; i++) Files.createDirectories(root.resolve("d" + i));
        List<FileOperation.Forgotten> known = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < directories; i++) {
                long id = lookup(ONE, 1, "d" + i).node();
                known.add(new FileOperation.Forgotten(id, 1));
                absence(ONE, id, "none");
            }
            Thread.sleep(100);
        }
        assertTrue(marks() > 100, "only " + marks() + " are watched");
        var _ = begin(ONE, new FileOperation.Forget(known));
        for (int i = 0; i < 100 && server.inodesOf(ONE) > 1; i++) Thread.sleep(20);
        // the cookies' and perhaps the root
        for (int i = 0; i < 100 && marks() > 2; i++) Thread.sleep(20);
        assertTrue(marks() <= 2, marks() + " are still watched");
    }

    private static long marks() throws IOException {
        long marks = 0;
        try (var files = Files.list(Path.of("/proc/self/fdinfo"))) {
            for (Path file : files.toList())
                try {
                    marks += Files.readAllLines(file).stream()
                            .filter(line -> line.startsWith("fanotify ino:"))
                            .count();
                } catch (IOException e) {
                    // closed meanwhile
                }
        }
        return marks;
    }

    @Test
    void namesThatAreNotThereFillNoMemory() throws Exception {
        int directories = 20;
        int names = 15_000;
        long before = used();
        for (int d = 0; d < directories; d++) {
            Files.createDirectory(root.resolve("d" + d));
            long id = lookup(ONE, 1, "d" + d).node();
            List<CompletableFuture<FileReply>> under = new ArrayList<>();
            for (int i = 0; i < names; i++) {
                under.add(begin(ONE, new FileOperation.Lookup(id, Bytes.of("n".repeat(200) + i))));
                if (under.size() == 200) {
                    under.forEach(CompletableFuture::join);
                    under.clear();
                }
            }
            under.forEach(CompletableFuture::join);
            recalls.get(ONE).clear();
        }
        long mebibytes = (used() - before) >> 20;
        assertTrue(mebibytes < 50, directories * names + " names that are not there took " + mebibytes + " MiB");
        assertEquals(Lease.FULL, absence(ONE, 1, "one more"), "no such name is promised any more");
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }
}
