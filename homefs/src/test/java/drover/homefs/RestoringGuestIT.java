package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.server.FileServer;
import drover.homefs.server.FileServerConfig;
import drover.homefs.server.GuestAuthority;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Open;
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
import drover.protocol.file.LockRange;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.ReplyCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A guest that is being made from another, on another node: what it may do at home before it is the job's
/// present one. Needs root.
@Timeout(60) // what is waited for without a limit
class RestoringGuestIT {
    private static final NodeId SOURCE = new NodeId("n1");
    private static final NodeId TARGET = new NodeId("n2");
    private static final GuestKey FORMER = TwoNodes.guest(1);
    private static final GuestKey NEXT = new GuestKey(FORMER.job(), 2);
    private static final GuestKey OTHER = TwoNodes.guest(2);
    private static final Credentials USER = new Credentials(1000, 1000, List.of(1000));

    private final Map<Long, CompletableFuture<FileReply>> answers = new ConcurrentHashMap<>();
    private volatile boolean restoring = true;
    private Path root;
    private FileServer server;
    private long nextId = 1;

    private final class Authority implements GuestAuthority {
        @Override
        public Optional<Credentials> credentials(NodeId node, GuestKey guest) {
            return node.equals(guest.equals(NEXT) ? TARGET : SOURCE) ? Optional.of(USER) : Optional.empty();
        }

        @Override
        public Optional<GuestKey> former(GuestKey guest) {
            return restoring && guest.equals(NEXT) ? Optional.of(FORMER) : Optional.empty();
        }
    }

    @BeforeEach
    void serve() throws IOException {
        root = Files.createTempDirectory("drover-restoring");
        Files.setPosixFilePermissions(root, PosixFilePermissions.fromString("rwxrwxrwx"));
        Files.writeString(root.resolve("held"), "was readable");
        Files.writeString(root.resolve("other"), "was readable, too");
        Files.writeString(root.resolve("locked"), "");
        Files.setPosixFilePermissions(root.resolve("locked"), PosixFilePermissions.fromString("rw-rw-rw-"));
        Files.createDirectory(root.resolve("state"));
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
                new Authority(),
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

    /// Whatever was taken back.
    private void heard(NodeId node) {
        ByteBuf frame = CallCodec.encode(
                new FileCall(nextId++, Caller.NOBODY, new FileOperation.Recalled(Long.MAX_VALUE)),
                ByteBufAllocator.DEFAULT);
        server.onFrame(node, LinkClass.FILES, frame, this::answered);
        frame.release();
    }

    private FileReply by(GuestKey guest, FileOperation operation) {
        return call(guest.equals(NEXT) ? TARGET : SOURCE, Caller.of(guest, 1000, 1000), operation);
    }

    private static void assertRefused(int errno, FileReply reply) {
        assertEquals(errno, assertInstanceOf(FileReply.Failed.class, reply).errno());
    }

    private static <T extends FileResult> T result(Class<T> type, FileReply reply) {
        FileResult result = assertInstanceOf(FileReply.Done.class, reply).result();
        return assertInstanceOf(type, result instanceof FileResult.InDirectory in ? in.result() : result);
    }

    private long lookup(GuestKey guest, String name) {
        return result(FileResult.Entry.class, by(guest, new FileOperation.Lookup(1, Bytes.of(name))))
                .node();
    }

    private FileReply open(GuestKey guest, String name, int flags) {
        return by(guest, new FileOperation.Open(lookup(guest, name), flags, false, 0));
    }

    private static long handle(FileReply opened) {
        return result(FileResult.Opened.class, opened).handle();
    }

    private void hide(String name) throws IOException {
        Files.setPosixFilePermissions(root.resolve(name), PosixFilePermissions.fromString("---------"));
    }

    @Test
    void itOpensWhatTheFormerHasOpenThoughItsUserMayNoMore() throws IOException {
        handle(open(FORMER, "held", Open.O_RDONLY));
        hide("held");
        hide("other");
        handle(open(NEXT, "held", Open.O_RDONLY));
        assertRefused(Errno.EACCES, open(NEXT, "held", Open.O_RDWR));
        assertRefused(Errno.EACCES, open(NEXT, "other", Open.O_RDONLY));
        // as long as its node may have opened it without asking, that is believed of it
        FileReply again;
        do {
            heard(SOURCE);
            again = open(FORMER, "held", Open.O_RDONLY);
        } while (again instanceof FileReply.Done);
        assertRefused(Errno.EACCES, again);
        restoring = false; // it is the present one: as everybody
        assertRefused(Errno.EACCES, open(NEXT, "held", Open.O_RDONLY));
    }

    @Test
    void itChangesNothing() {
        assertRefused(
                Errno.EROFS, by(NEXT, new FileOperation.Create(1, Bytes.of("new"), Open.O_RDWR, 0644, 022, false)));
        assertRefused(Errno.EROFS, by(NEXT, new FileOperation.Unlink(1, Bytes.of("held"))));
        assertRefused(Errno.EROFS, open(NEXT, "held", Open.O_RDONLY | Open.O_TRUNC));
        restoring = false;
        result(
                FileResult.Created.class,
                by(NEXT, new FileOperation.Create(1, Bytes.of("new"), Open.O_RDWR, 0644, 022, false)));
    }

    private FileReply makeSocket(String name) {
        return by(NEXT, new FileOperation.MakeNode(1, Bytes.of(name), 0xC000 | 0700, 022, 0));
    }

    private void bindAtHome(String name, int owner) throws IOException {
        try (var socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            socket.bind(UnixDomainSocketAddress.of(root.resolve(name)));
        }
        Files.setAttribute(root.resolve(name), "unix:uid", owner);
    }

    @Test
    void itFindsASocketOfItsUserWhenItHasBoundIt() throws IOException {
        bindAtHome("socket", 1000);
        bindAtHome("others", 1001);
        long node = lookup(FORMER, "socket");
        long inode = result(FileResult.Attributes.class, by(FORMER, new FileOperation.GetAttributes(node, 0)))
                .attributes()
                .inode();
        assertRefused(Errno.ENOENT, by(NEXT, new FileOperation.Lookup(1, Bytes.of("socket"))));
        FileResult.Entry made = result(FileResult.Entry.class, makeSocket("socket"));
        assertEquals(inode, made.attributes().inode(), "it is the file that is there");
        assertEquals(made.node(), lookup(NEXT, "socket"));
        lookup(NEXT, "others");
        assertRefused(Errno.EROFS, makeSocket("others"));
        assertRefused(Errno.ENOENT, makeSocket("new"));
        restoring = false;
        lookup(NEXT, "socket");
        assertRefused(Errno.EEXIST, makeSocket("socket"));
    }

    private long numberOf(String name) {
        return result(FileResult.Attributes.class, by(FORMER, new FileOperation.GetAttributes(lookup(FORMER, name), 0)))
                .attributes()
                .inode();
    }

    private FileReply byNumber(GuestKey guest, String was, long number) {
        return by(guest, new FileOperation.Lookup(1, Bytes.of(was + ".drover-open-" + Long.toHexString(number))));
    }

    @Test
    void itFindsWhatTheFormerHasOpenThoughItHasNoName() throws IOException {
        long number = numberOf("held");
        handle(open(FORMER, "held", Open.O_RDONLY));
        Files.delete(root.resolve("held"));
        FileResult.Entry found = result(FileResult.Entry.class, byNumber(NEXT, "held", number));
        assertEquals(number, found.attributes().inode());
        assertEquals(0, found.attributes().links());
        FileReply opened = by(NEXT, new FileOperation.Open(found.node(), Open.O_RDONLY, false, 100));
        FileResult.Opened now = result(FileResult.Opened.class, opened);
        assertEquals("was readable".length(), now.attributes().size());
        assertFalse(now.toAll(), "its node would be the only one to know that it is open");
        // it stays when the former's are closed
        server.guestEnded(FORMER);
        assertInstanceOf(FileReply.Done.class, by(NEXT, new FileOperation.GetAttributes(found.node(), now.handle())));
    }

    @Test
    void itFindsWhatTheFormerHasOpenThoughAnotherFileTookItsName() throws IOException {
        long number = numberOf("held");
        Files.createLink(root.resolve("second"), root.resolve("held"));
        handle(open(FORMER, "held", Open.O_RDONLY));
        Files.move(root.resolve("other"), root.resolve("held"), java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        long second = lookup(NEXT, "second");
        FileResult.Entry found = result(FileResult.Entry.class, byNumber(NEXT, "held", number));
        assertEquals(second, found.node());
    }

    @Test
    void itFindsARemovedDirectoryThatTheFormerMayBeIn() throws IOException {
        Files.createDirectory(root.resolve("gone"));
        long number = numberOf("gone");
        assertRefused(Errno.ENOENT, byNumber(NEXT, "gone", number));
        Files.delete(root.resolve("gone"));
        assertEquals(
                number,
                result(FileResult.Entry.class, byNumber(NEXT, "gone", number))
                        .attributes()
                        .inode());
    }

    @Test
    void nobodyElseFindsFilesByNumberNorItWhatTheFormerHasNotOpen() {
        long held = numberOf("held");
        long other = numberOf("other");
        handle(open(FORMER, "held", Open.O_RDONLY));
        assertRefused(Errno.ENOENT, byNumber(NEXT, "other", other));
        assertRefused(Errno.ENOENT, byNumber(FORMER, "held", held));
        restoring = false;
        assertRefused(Errno.ENOENT, byNumber(NEXT, "held", held));
    }

    private FileReply lock(GuestKey guest, long handle, long owner, int type, long start, boolean flock) {
        LockRange range = new LockRange(type, start, flock ? Long.MAX_VALUE : start + 9, 5);
        return by(guest, new FileOperation.SetLock(handle, owner, range, flock, false));
    }

    private static void assertDone(FileReply reply) {
        assertInstanceOf(FileReply.Done.class, reply);
    }

    /// What is asked for by whom in `locked`: bytes 0 to 9 for owner 1, 10 to 19 for owner 2, and the file for itself.
    private long locked(GuestKey guest) {
        long handle = handle(open(guest, "locked", Open.O_RDWR));
        assertDone(lock(guest, handle, 1, LockRange.WRITE, 0, false));
        assertDone(lock(guest, handle, 2, LockRange.WRITE, 10, false));
        assertDone(lock(guest, handle, 3, LockRange.WRITE, 0, true));
        return handle;
    }

    private void assertLocked(boolean by1, boolean by2, boolean itself) {
        long handle = handle(open(OTHER, "locked", Open.O_RDWR));
        boolean[] locked = {by1, by2, itself};
        for (int i = 0; i < locked.length; i++) {
            boolean flock = i == 2;
            FileReply reply = lock(OTHER, handle, 7, LockRange.WRITE, flock ? 0 : i * 10L, flock);
            if (locked[i]) assertRefused(Errno.EAGAIN, reply);
            else assertDone(reply);
        }
        by(OTHER, new FileOperation.Flush(handle, 7));
        by(OTHER, new FileOperation.Release(handle, true, 7));
    }

    @Test
    void whatTheFormerHasLockedIsNeverFreeOnTheWay() {
        locked(FORMER);
        assertLocked(true, true, true);
        long handle = locked(NEXT);
        by(NEXT, new FileOperation.Flush(handle, 1)); // by what makes it
        assertLocked(true, true, true);
        assertTrue(server.carryLocks(FORMER, NEXT));
        restoring = false;
        server.guestEnded(FORMER);
        assertLocked(true, true, true);
        assertDone(lock(NEXT, handle, 2, LockRange.NONE, 10, false));
        assertLocked(true, false, true);
        by(NEXT, new FileOperation.Flush(handle, 1));
        assertLocked(false, false, true);
        by(NEXT, new FileOperation.Release(handle, true, 3));
        assertLocked(false, false, false);
    }

    @Test
    void whatTheFormerHasLockedStaysWhenNothingComesOfTheNext() {
        locked(FORMER);
        long handle = locked(NEXT);
        assertTrue(server.carryLocks(FORMER, NEXT));
        by(NEXT, new FileOperation.Flush(handle, 2));
        by(NEXT, new FileOperation.Release(handle, true, 3));
        server.guestEnded(NEXT);
        assertLocked(true, true, true);
        server.guestEnded(FORMER);
        assertLocked(false, false, false);
    }

    /// A mapping keeps the open file of the lock, to which no descriptor leads any more.
    @Test
    void aLockThatNoDescriptorLeadsToIsCarriedWithTheOpenFile() {
        long handle = handle(open(FORMER, "locked", Open.O_RDWR));
        assertDone(lock(FORMER, handle, 3, LockRange.WRITE, 0, true));
        assertFalse(server.carryLocks(FORMER, NEXT), "it has not opened it");
        long mapped = handle(open(NEXT, "locked", Open.O_RDWR));
        long other = handle(open(NEXT, "locked", Open.O_RDONLY));
        assertTrue(server.carryLocks(FORMER, NEXT));
        restoring = false;
        server.guestEnded(FORMER);
        by(NEXT, new FileOperation.Release(other, true, 3));
        assertLocked(false, false, true);
        by(NEXT, new FileOperation.Release(mapped, true, 3));
        assertLocked(false, false, false);
    }

    @Test
    void locksAreCarriedOnlyWhenTheNextHasAskedForJustThese() {
        assertTrue(server.carryLocks(FORMER, NEXT), "there are none");
        long handle = locked(FORMER);
        assertFalse(server.carryLocks(FORMER, NEXT));
        long asks = locked(NEXT);
        assertDone(lock(NEXT, asks, 4, LockRange.READ, 50, false));
        assertFalse(server.carryLocks(FORMER, NEXT), "one more than there is");
        assertDone(lock(NEXT, asks, 4, LockRange.NONE, 50, false));
        assertTrue(server.carryLocks(FORMER, NEXT));
        assertDone(lock(FORMER, handle, 2, LockRange.READ, 10, false));
        assertFalse(server.carryLocks(FORMER, NEXT), "one is another");
    }
}
