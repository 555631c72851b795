package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import drover.homefs.server.FileServer;
import drover.homefs.server.FileServerConfig;
import drover.linux.syscall.Errno;
import drover.model.NodeId;
import drover.protocol.file.Bytes;
import drover.protocol.file.CallCodec;
import drover.protocol.file.Caller;
import drover.protocol.file.FileCall;
import drover.protocol.file.FileOperation;
import drover.protocol.file.FileReply;
import drover.protocol.file.FileResult;
import drover.protocol.file.MalformedFileFrame;
import drover.protocol.file.ReplyCodec;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a home that has restarted makes of what a node still knows: calls made by hand, each a moment that
/// [SurvivalIT] meets by chance. Needs root.
class AfterRestartIT {
    private static final NodeId NODE = new NodeId("n1");
    private static final Caller ROOT = Caller.of(TwoNodes.guest(1), 0, 0);
    private static final long BEFORE = 77;

    private Path root;
    private Path log;
    private FileServer server;
    private long nextId = 1;

    @BeforeEach
    void serve() throws IOException {
        root = Files.createTempDirectory("drover-restart");
        log = Files.createTempFile("drover-restart", "performed");
        server = home(BEFORE);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        Files.delete(log);
        try (var files = Files.walk(root)) {
            for (Path path : files.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }

    private FileServer home(long boot) {
        return new FileServer(
                new FileServerConfig(
                        TwoNodes.HOME,
                        root,
                        List.of(),
                        log,
                        root.resolve("cookies"),
                        Duration.ofSeconds(3),
                        boot,
                        4,
                        1_000,
                        100_000,
                        200,
                        100,
                        256,
                        512),
                (node, guest) -> Optional.of(TwoNodes.ROOT),
                guest -> {});
    }

    private CompletableFuture<FileReply> send(long id, Caller caller, FileOperation operation) {
        ByteBuf frame = CallCodec.encode(new FileCall(id, caller, operation), ByteBufAllocator.DEFAULT);
        CompletableFuture<FileReply> answer = new CompletableFuture<>();
        server.onFrame(NODE, LinkClass.FILES, frame, (linkClass, reply) -> {
            try {
                answer.complete(ReplyCodec.decode(reply));
            } catch (MalformedFileFrame e) {
                answer.completeExceptionally(e);
            }
        });
        frame.release();
        return answer.orTimeout(10, TimeUnit.SECONDS);
    }

    private FileReply call(FileOperation operation) {
        return send(nextId++, ROOT, operation).join();
    }

    private static <T extends FileResult> T result(Class<T> type, FileReply reply) {
        FileResult result = assertInstanceOf(FileReply.Done.class, reply).result();
        return assertInstanceOf(type, result instanceof FileResult.InDirectory in ? in.result() : result);
    }

    private FileOperation.RevivedNode known(long id, String at, Path file) throws IOException {
        long device = (Long) Files.getAttribute(file, "unix:dev");
        long inode = (Long) Files.getAttribute(file, "unix:ino");
        return new FileOperation.RevivedNode(id, 1, Bytes.of(at), device, inode, 1);
    }

    private List<String> names(long handle, long offset, boolean plus) {
        FileReply reply = call(new FileOperation.ReadDirectory(handle, offset, 32_768, plus));
        return result(FileResult.Listing.class, reply).entries().stream()
                .map(entry -> entry.name().toString())
                .sorted()
                .toList();
    }

    @Test
    void anOpenFileIsFoundAtEitherPlaceOfARenameWhoseAnswerGotLost() throws IOException {
        Path here = Files.writeString(root.resolve("new"), "moved before the restart");
        Path there = Files.writeString(root.resolve("still"), "not moved");
        Files.writeString(root.resolve("old"), "another that has the name since");
        call(new FileOperation.ReviveNodes(List.of(
                known(500, "old", here), known(501, "still", there), known(500, "new", here), known(501, "x", there))));
        long handle = (BEFORE - 1) << 32;
        result(FileResult.Ok.class, call(new FileOperation.ReviveHandle(handle, 500, 2, false)));
        result(FileResult.Ok.class, call(new FileOperation.ReviveHandle(handle + 1, 501, 2, false)));
        assertEquals(
                Files.size(here),
                result(FileResult.Attributes.class, call(new FileOperation.GetAttributes(500, 0)))
                        .attributes()
                        .size());
        call(new FileOperation.ReviveNodes(List.of(known(502, "old", here))));
        assertEquals(
                Errno.ESTALE,
                assertInstanceOf(FileReply.Failed.class, call(new FileOperation.GetAttributes(502, 0)))
                        .errno(),
                "another file is never taken for it");
    }

    @Test
    void aDirectoryThatIsReadAtItsEndFirstIsListedFromItsStartThen() throws IOException {
        Files.createDirectory(root.resolve("d"));
        Files.createDirectory(root.resolve("d/inner"));
        long node = result(FileResult.Entry.class, call(new FileOperation.Lookup(1, Bytes.of("d"))))
                .node();
        long before = result(FileResult.Opened.class, call(new FileOperation.OpenDirectory(node)))
                .handle();
        FileReply all = call(new FileOperation.ReadDirectory(before, 0, 32_768, false));
        long end = result(FileResult.Listing.class, all).entries().getLast().offset();
        long handle = result(FileResult.Opened.class, call(new FileOperation.OpenDirectory(node)))
                .handle();
        assertEquals(List.of(), names(handle, end, false));
        assertEquals(List.of(".", "..", "inner"), names(handle, 0, true));
    }

    @Test
    void aCallThatComesWhenHomeIsClosedIsForTheNextHome() {
        server.close();
        var make = new FileOperation.MakeDirectory(1, Bytes.of("made"), 0755, 0);
        var lost = send(5, ROOT, make);
        server = home(BEFORE + 1);
        result(FileResult.Entry.class, send(5, ROOT, make).join());
        assertEquals(false, lost.isDone());
    }

    private void machine(String script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder("sh", "-c", script)
                .directory(root.toFile())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
    }

    private FileReply attributesOf(long node) {
        return call(new FileOperation.GetAttributes(node, 0));
    }

    @Test
    void aDirectoryOfOverlayfsIsFoundByItsNameThoughItsNumberIsAnother() throws Exception {
        machine("set -e; mkdir lower changes over plain lower/dir; mount -t tmpfs none changes;"
                + " mkdir changes/upper changes/work; echo inside > lower/dir/file;"
                + " mount -t overlay none -o lowerdir=lower,upperdir=changes/upper,workdir=changes/work over");
        try {
            Path over = root.resolve("over");
            Path dir = over.resolve("dir");
            long device = (Long) Files.getAttribute(dir, "unix:dev");
            long number = (Long) Files.getAttribute(dir, "unix:ino");
            long plain = (Long) Files.getAttribute(root.resolve("plain"), "unix:ino");
            call(new FileOperation.ReviveNodes(List.of(
                    known(500, "over", over),
                    new FileOperation.RevivedNode(501, 500, Bytes.of("dir"), device, number + 1_000, 1),
                    new FileOperation.RevivedNode(
                            502,
                            501,
                            Bytes.of("file"),
                            (Long) Files.getAttribute(dir.resolve("file"), "unix:dev"),
                            (Long) Files.getAttribute(dir.resolve("file"), "unix:ino"),
                            1),
                    new FileOperation.RevivedNode(
                            503, 1, Bytes.of("plain"), (Long) Files.getAttribute(root, "unix:dev"), plain + 1, 1))));
            assertEquals(
                    7,
                    result(FileResult.Attributes.class, attributesOf(502))
                            .attributes()
                            .size());
            result(FileResult.Attributes.class, attributesOf(501));
            assertEquals(
                    501,
                    result(FileResult.Entry.class, call(new FileOperation.Lookup(500, Bytes.of("dir"))))
                            .node(),
                    "a look at its name finds the node that is known");
            assertEquals(
                    Errno.ESTALE,
                    assertInstanceOf(FileReply.Failed.class, attributesOf(503)).errno(),
                    "where numbers stay, another directory is never taken for it");
        } finally {
            machine("umount -l over; umount -l changes");
        }
    }
}
