package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
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
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.FileTime;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.ReplyCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What a node may try that is not ours any more: calls made by hand, straight to home. Needs root.
@Timeout(60) // what is waited for without a limit
class HostileNodeIT {
    private static final NodeId NODE = new NodeId("n1");
    private static final NodeId OTHER_NODE = new NodeId("n2");
    private static final GuestKey USERS = TwoNodes.guest(1);
    private static final GuestKey OTHERS = TwoNodes.guest(2);
    private static final GuestKey ROOTS = TwoNodes.guest(3);
    /// The only one on the other node.
    private static final GuestKey ELSEWHERE = TwoNodes.guest(4);
    private static final Credentials USER = new Credentials(1000, 1000, List.of(1000));
    private static final Credentials OTHER = new Credentials(1001, 1001, List.of(1001));

    private final Map<GuestKey, Credentials> allowed =
            new ConcurrentHashMap<>(Map.of(USERS, USER, OTHERS, OTHER, ROOTS, TwoNodes.ROOT, ELSEWHERE, TwoNodes.ROOT));
    private final Map<Long, CompletableFuture<FileReply>> answers = new ConcurrentHashMap<>();
    private Path root;
    private FileServer server;
    private long nextId = 1;

    @BeforeEach
    void serve() throws IOException {
        root = Files.createTempDirectory("drover-hostile");
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.createDirectory(
                root.resolve("private"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        Files.writeString(root.resolve("private/readable"), "hidden by its directory");
        Files.writeString(root.resolve("public"), "for all");
        Files.writeString(root.resolve("secret"), "for root");
        Files.setPosixFilePermissions(root.resolve("secret"), PosixFilePermissions.fromString("rw-------"));
        Files.createSymbolicLink(root.resolve("escape"), Path.of("/etc/passwd"));
        Files.createDirectory(root.resolve("state"));
        Files.writeString(root.resolve("state/key"), "the cluster's key");
        server = new FileServer(
                new FileServerConfig(
                        TwoNodes.HOME,
                        root,
                        List.of(root.resolve("state")),
                        root.resolve("state/performed"),
                        root.resolve("state/cookies"),
                        Duration.ofSeconds(3),
                        77,
                        4,
                        1_000,
                        100_000,
                        200,
                        100,
                        256,
                        512),
                (node, guest) -> node.equals(guest.equals(ELSEWHERE) ? OTHER_NODE : NODE)
                        ? Optional.ofNullable(allowed.get(guest))
                        : Optional.empty(),
                guest -> {});
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        try (var files = Files.walk(root)) {
            for (Path path : files.sorted(java.util.Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private FileReply call(NodeId node, Caller caller, FileOperation operation) {
        return call(node, nextId++, caller, operation);
    }

    private FileReply call(NodeId node, long id, Caller caller, FileOperation operation) {
        ByteBuf frame = CallCodec.encode(new FileCall(id, caller, operation), ByteBufAllocator.DEFAULT);
        CompletableFuture<FileReply> answer = new CompletableFuture<>();
        answers.put(id, answer);
        server.onFrame(node, LinkClass.FILES, frame, this::answered);
        frame.release();
        return answer.orTimeout(10, TimeUnit.SECONDS).join();
    }

    private void answered(LinkClass linkClass, ByteBuf frame) {
        try {
            FileReply reply = ReplyCodec.decode(frame);
            CompletableFuture<FileReply> answer = answers.get(reply.id());
            if (answer != null) answer.complete(reply);
        } catch (MalformedFileFrame e) {
            throw new IllegalStateException(e);
        }
    }

    /// What is not answered.
    private void call(FileOperation operation) {
        ByteBuf frame = CallCodec.encode(new FileCall(nextId++, Caller.NOBODY, operation), ByteBufAllocator.DEFAULT);
        server.onFrame(NODE, LinkClass.FILES, frame, this::answered);
        frame.release();
    }

    private FileReply asUser(FileOperation operation) {
        return call(NODE, Caller.of(USERS, 1000, 1000), operation);
    }

    private FileReply asOther(FileOperation operation) {
        return call(NODE, Caller.of(OTHERS, 1001, 1001), operation);
    }

    private static void assertRefused(int errno, FileReply reply) {
        assertEquals(errno, assertInstanceOf(FileReply.Failed.class, reply).errno());
    }

    private static <T extends FileResult> T result(Class<T> type, FileReply reply) {
        FileResult result = assertInstanceOf(FileReply.Done.class, reply).result();
        return assertInstanceOf(type, result instanceof FileResult.InDirectory in ? in.result() : result);
    }

    private long lookup(String name) {
        return result(FileResult.Entry.class, asUser(new FileOperation.Lookup(1, Bytes.of(name))))
                .node();
    }

    private long open(String name) {
        return result(FileResult.Opened.class, asUser(new FileOperation.Open(lookup(name), 0, false, 0)))
                .handle();
    }

    @Test
    void namesThatLeaveTheDirectoryAreRefused() {
        for (String name : List.of("..", ".", "", "/etc/passwd", "private/readable", "a\0b", "public/"))
            assertRefused(Errno.EINVAL, asUser(new FileOperation.Lookup(1, Bytes.of(name))));
        assertRefused(Errno.EINVAL, asUser(new FileOperation.Unlink(1, Bytes.of("../x"))));
        assertRefused(
                Errno.EINVAL, asUser(new FileOperation.Rename(1, Bytes.of("public"), 1, Bytes.of("../public"), 0)));
        assertRefused(Errno.ENAMETOOLONG, asUser(new FileOperation.Lookup(1, Bytes.of("n".repeat(256)))));
    }

    @Test
    void aSymbolicLinkIsNotFollowedByHome() {
        long link = lookup("escape");
        assertRefused(Errno.ELOOP, asUser(new FileOperation.Open(link, 0, false, 0)));
        assertEquals(
                Bytes.of("/etc/passwd"),
                result(FileResult.Content.class, asUser(new FileOperation.ReadLink(link)))
                        .bytes());
    }

    @Test
    void otherUsersFilesAreRefused() {
        long secret = lookup("secret");
        assertRefused(Errno.EACCES, asUser(new FileOperation.Open(secret, 0, false, 0)));
        assertRefused(
                Errno.EPERM,
                asUser(new FileOperation.SetAttributes(secret, 0, 1, 0777, 0, 0, 0, FileTime.ZERO, FileTime.ZERO)));
        assertRefused(Errno.EACCES, asUser(new FileOperation.OpenDirectory(lookup("private"))));
        assertRefused(Errno.EACCES, asUser(new FileOperation.Lookup(lookup("private"), Bytes.of("readable"))));
    }

    private static FileOperation forOwnerOnly(long node) {
        FileTime never = FileTime.ZERO;
        return new FileOperation.SetAttributes(node, 0, FileOperation.SetAttributes.MODE, 0600, 0, 0, 0, never, never);
    }

    private void openToAll(long file) throws InterruptedException {
        for (int i = 0; ; i++) {
            if (result(FileResult.Opened.class, asUser(new FileOperation.Open(file, 0, false, 0)))
                    .toAll()) return;
            assertTrue(i < 100, "home never says that it may be opened without asking");
            lookup("public");
            Thread.sleep(20);
        }
    }

    /// A node may have opened a file for guests before it hears that it may not any more; then it says so.
    @Test
    void whatIsClosedToOthersCanBeOpenedUntilTheNodeHasHeardOfThat() throws Exception {
        long file = lookup("public");
        openToAll(file);
        long there = result(
                        FileResult.Entry.class,
                        call(OTHER_NODE, Caller.of(ELSEWHERE, 0, 0), new FileOperation.Lookup(1, Bytes.of("public"))))
                .node();
        var closed = CompletableFuture.supplyAsync(
                () -> call(OTHER_NODE, 1_000_000, Caller.of(ELSEWHERE, 0, 0), forOwnerOnly(there)));
        while (Files.getPosixFilePermissions(root.resolve("public")).size() > 2) Thread.sleep(1);
        FileOperation open = new FileOperation.Open(file, 0, false, 0);
        FileReply before = asUser(open);
        assertRefused(Errno.EACCES, asUser(new FileOperation.Open(file, 1, false, 0)));
        call(new FileOperation.Recalled(Long.MAX_VALUE));
        result(FileResult.Attributes.class, closed.get());
        result(FileResult.Opened.class, before);
        assertRefused(Errno.EACCES, asUser(open));
    }

    @Test
    void whatANodeClosesToOthersItselfCannotBeOpenedAfter() throws Exception {
        long file = lookup("public");
        openToAll(file);
        result(FileResult.Attributes.class, call(NODE, Caller.of(ROOTS, 0, 0), forOwnerOnly(file)));
        assertRefused(Errno.EACCES, asUser(new FileOperation.Open(file, 0, false, 0)));
    }

    @Test
    void manyNamesAtOnceTellNoMoreThanOneByOne() {
        List<Bytes> names = List.of(Bytes.of("public"), Bytes.of("secret"), Bytes.of("none"), Bytes.of("../x"));
        List<FileResult.Found> found = result(
                        FileResult.FoundAll.class, asUser(new FileOperation.LookUpAll(1, names, 1 << 20)))
                .names();
        assertEquals(
                List.of("public", "secret", "none"),
                found.stream().map(each -> each.name().toString()).toList());
        assertEquals(Bytes.of("for all"), found.get(0).content());
        assertNull(found.get(1).content());
        assertNull(found.get(2).entry());
        assertEquals(
                List.of(),
                result(
                                FileResult.FoundAll.class,
                                asUser(new FileOperation.LookUpAll(
                                        lookup("private"), List.of(Bytes.of("readable"), Bytes.of("none")), 1 << 20)))
                        .names());
        assertEquals(
                List.of(),
                result(
                                FileResult.FoundAll.class,
                                asUser(new FileOperation.LookUpAll(lookup("state"), List.of(Bytes.of("key")), 1 << 20)))
                        .names()
                        .stream()
                        .filter(each -> each.entry() != null)
                        .toList());
    }

    @Test
    void aJobOfAUserActsAsNobodyElse() {
        long secret = lookup("secret");
        assertRefused(Errno.EACCES, call(NODE, Caller.of(USERS, 0, 0), new FileOperation.Open(secret, 0, false, 0)));
        assertRefused(
                Errno.EACCES,
                call(NODE, Caller.of(USERS, 1001, 1001), new FileOperation.Lookup(1, Bytes.of("public"))));
        long made = result(
                        FileResult.Created.class,
                        call(
                                NODE,
                                Caller.of(USERS, 0, 0),
                                new FileOperation.Create(1, Bytes.of("made"), 2, 0644, 0, false)))
                .handle();
        assertEquals(
                1000,
                result(FileResult.Attributes.class, asUser(new FileOperation.GetAttributes(lookup("made"), made)))
                        .attributes()
                        .uid());
    }

    @Test
    void anotherGuestsHandleIsRefused() {
        long handle = open("public");
        assertRefused(Errno.ESTALE, asOther(new FileOperation.Read(handle, 0, 100)));
        assertRefused(Errno.ESTALE, asOther(new FileOperation.Release(handle, false, 0)));
        assertRefused(Errno.EBADF, call(OTHER_NODE, Caller.NOBODY, new FileOperation.Read(handle, 0, 100)));
        assertEquals(
                "for all",
                result(FileResult.Data.class, asUser(new FileOperation.Read(handle, 0, 100)))
                        .data()
                        .toString(StandardCharsets.UTF_8));
    }

    @Test
    void aNodeThatWasNotGivenTheGuestIsRefused() {
        assertRefused(
                Errno.EINTR,
                call(OTHER_NODE, Caller.of(USERS, 1000, 1000), new FileOperation.Lookup(1, Bytes.of("public"))));
        assertRefused(Errno.EACCES, call(NODE, Caller.NOBODY, new FileOperation.Lookup(1, Bytes.of("public"))));
    }

    @Test
    void aFencedGuestIsRefusedEverythingAndItsFilesAreClosed() {
        long handle = open("public");
        long node = lookup("public");
        assertEquals(1, server.handlesOf(NODE));
        server.guestEnded(USERS);
        assertEquals(0, server.handlesOf(NODE));
        assertRefused(Errno.EINTR, asUser(new FileOperation.Lookup(1, Bytes.of("public"))));
        assertRefused(Errno.ESTALE, asUser(new FileOperation.Open(node, 0, false, 0)));
        assertRefused(Errno.ESTALE, asUser(new FileOperation.Unlink(1, Bytes.of("public"))));
        assertRefused(Errno.EBADF, call(NODE, Caller.NOBODY, new FileOperation.Read(handle, 0, 10)));
        allowed.remove(OTHERS);
        assertRefused(Errno.EINTR, asOther(new FileOperation.Lookup(1, Bytes.of("public"))));
        assertTrue(Files.exists(root.resolve("public")));
    }

    @Test
    void theDaemonsOwnDirectoryIsNotServed() {
        long state = lookup("state");
        assertRefused(Errno.ENOENT, asUser(new FileOperation.Lookup(state, Bytes.of("key"))));
        assertRefused(Errno.EACCES, asUser(new FileOperation.Unlink(state, Bytes.of("key"))));
        assertRefused(Errno.EACCES, asUser(new FileOperation.Create(state, Bytes.of("key"), 2, 0644, 0, false)));
        long handle = result(FileResult.Opened.class, asUser(new FileOperation.OpenDirectory(state)))
                .handle();
        var listing = result(FileResult.Listing.class, asUser(new FileOperation.ReadDirectory(handle, 0, 4_096, true)));
        assertEquals(
                List.of(".", ".."),
                listing.entries().stream()
                        .map(e -> e.name().toString())
                        .sorted()
                        .toList());
    }

    @Test
    void aNodeIdThatWasMadeUpAfterARestartOpensNothingThatTheUserCouldNotReach() throws IOException {
        long device = (Long) Files.getAttribute(root.resolve("private"), "unix:dev");
        long directory = (Long) Files.getAttribute(root.resolve("private"), "unix:ino");
        long file = (Long) Files.getAttribute(root.resolve("private/readable"), "unix:ino");
        call(
                NODE,
                Caller.NOBODY,
                new FileOperation.ReviveNodes(List.of(
                        new FileOperation.RevivedNode(500, 1, Bytes.of("private"), device, directory, 1),
                        new FileOperation.RevivedNode(501, 500, Bytes.of("readable"), device, file, 1))));
        assertRefused(Errno.EACCES, asUser(new FileOperation.Open(501, 0, false, 0)));
        assertRefused(Errno.EACCES, asUser(new FileOperation.GetAttributes(501, 0)));
    }

    @Test
    void aCallThatComesAgainIsAnsweredButNotPerformedAgain() {
        FileOperation create = new FileOperation.Create(1, Bytes.of("once"), 1 | 0x80, 0644, 0, false);
        FileReply first = call(NODE, 9_000, Caller.of(USERS, 1000, 1000), create);
        FileReply again = call(NODE, 9_000, Caller.of(USERS, 1000, 1000), create);
        assertEquals(first, again);
        assertEquals(1, server.handlesOf(NODE));
    }

    @Test
    void openFilesAreLimited() {
        long node = lookup("public");
        FileReply last = null;
        for (int i = 0; i < 101; i++) last = asUser(new FileOperation.Open(node, 0, false, 0));
        assertRefused(Errno.EMFILE, last);
        assertEquals(100, server.handlesOf(NODE));
    }

    @Test
    void absurdSizesAndUnknownOperationsAreRefused() {
        long handle = open("public");
        assertRefused(Errno.EINVAL, asUser(new FileOperation.Read(handle, 0, Integer.MAX_VALUE)));
        assertRefused(Errno.EINVAL, asUser(new FileOperation.Read(handle, -1, 10)));
        assertRefused(Errno.EINVAL, asUser(new FileOperation.Read(handle, 0, -1)));
        assertRefused(Errno.ENOSYS, asUser(new FileOperation.Unknown(60_000)));
        assertRefused(Errno.EPERM, asUser(new FileOperation.MakeNode(1, Bytes.of("dev"), 0x6000 | 0666, 0, 0x700)));
    }

    @Test
    void aNodeOfAnotherReleaseIsRefusedBeforeAnything() {
        for (int version : List.of(CallCodec.VERSION - 1, CallCodec.VERSION + 1))
            assertRefused(Errno.EPROTO, call(NODE, Caller.NOBODY, new FileOperation.Hello(version, 7)));
    }

    @Test
    void garbageLeavesTheServerUp() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[random.nextInt(120)];
            random.nextBytes(bytes);
            if (bytes.length > 30) {
                bytes[0] = 1;
                System.arraycopy(
                        new byte[] {1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, (byte) 0xe8, 3, 0, 0}, 0, bytes, 9, 16);
                bytes[29] = (byte) random.nextInt(42);
                bytes[30] = 0;
            }
            server.onFrame(NODE, LinkClass.FILES, Unpooled.copiedBuffer(bytes), (linkClass, reply) -> reply.release());
        }
        FileReply reply = null;
        for (int i = 0; i < 200; i++) {
            // the garbage may still be worked on
            reply = asUser(new FileOperation.Lookup(1, Bytes.of("public")));
            if (reply instanceof FileReply.Done) break;
        }
        assertInstanceOf(FileReply.Done.class, reply, "seed " + seed);
    }
}
