package drover.homefs;

import drover.homefs.cache.BlockStore;
import drover.homefs.mount.HomeMount;
import drover.homefs.mount.HomeMountConfig;
import drover.homefs.server.FileServer;
import drover.homefs.server.FileServerConfig;
import drover.homefs.server.ReplySender;
import drover.linux.syscall.Close;
import drover.linux.syscall.Open;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.JobId;
import drover.model.NodeId;
import drover.protocol.link.LinkClass;
import io.netty.buffer.ByteBuf;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/// One home whose files are mounted on two nodes, all in this process, with real kernel mounts in a namespace
/// of their own. Commands run over them in child processes: this process must never touch them itself.
final class TwoNodes implements AutoCloseable {
    static final NodeId HOME = new NodeId("home");
    static final long COMMAND_SECONDS = 120;
    private static final long STORE_BYTES = 64 << 20;
    private static final Duration GUEST_LEASE = Duration.ofSeconds(3);

    /// What the commands on node 1 and 2 are, for home.
    static final GuestKey[] ROOTS = {guest(1), guest(2)};

    static final GuestKey[] USERS = {guest(11), guest(12)};
    static final Credentials ROOT = new Credentials(0, 0, List.of());
    /// A user with two more groups.
    static final Credentials USER = new Credentials(1000, 1000, List.of(1000, 2001, 2002));

    /// How a command ended.
    record Result(int status, String output) {}

    final Path directory;
    final Map<GuestKey, Credentials> allowed = new ConcurrentHashMap<>();
    final Set<GuestKey> effects = ConcurrentHashMap.newKeySet();
    final List<Side> sides = new ArrayList<>();
    private final long maxInodes;
    private final boolean ownHome;
    private final Process namespace;
    private final Path script;
    volatile FileServer server;

    static GuestKey guest(long job) {
        return new GuestKey(new JobId(HOME, job), 1);
    }

    private static final class Link {
        final FileServer home;

        Link(FileServer home) {
            this.home = home;
        }
    }

    /// One node's mount, and the link between it and home, which can be cut.
    final class Side {
        final int index;
        final NodeId node;
        final int fuse;
        final Path path;
        final BlockStore store;
        volatile HomeMount mount;
        /// To one home until it is cut: what was sent over it never reaches the home after that one.
        private volatile Link link;
        /// Held for reading while an answer is taken up.
        private final ReadWriteLock answering = new ReentrantReadWriteLock();
        /// Null while frames are handed over at once.
        private volatile SlowWire wire;

        Side(int index) throws IOException {
            this.index = index;
            node = new NodeId("n" + (index + 1));
            fuse = Open.openat(
                    Open.AT_FDCWD, "/dev/fuse".getBytes(StandardCharsets.US_ASCII), Open.O_RDWR | Open.O_CLOEXEC, 0);
            if (fuse < 0) throw new IllegalStateException("cannot open /dev/fuse: errno " + -fuse);
            path = Files.createDirectories(directory.resolve("node" + (index + 1)));
            store = new BlockStore(directory.resolve("store" + (index + 1)), STORE_BYTES);
        }

        private boolean isHome() {
            return ownHome && index == 0;
        }

        boolean send(LinkClass linkClass, ByteBuf frame) {
            Link now = link;
            if (now == null) {
                frame.release();
                return false;
            }
            if (wire == null) arrive(now, linkClass, frame);
            else wire.toHome(linkClass, () -> arrive(now, linkClass, frame));
            return true;
        }

        private void arrive(Link now, LinkClass linkClass, ByteBuf frame) {
            try {
                if (link == now || wire == null) now.home.onFrame(node, linkClass, frame, replies(now));
            } finally {
                frame.release();
            }
        }

        private ReplySender replies(Link now) {
            return (linkClass, reply) -> {
                if (wire == null) returned(now, reply);
                else wire.toNode(linkClass, () -> returned(now, reply));
            };
        }

        private void returned(Link now, ByteBuf reply) {
            answering.readLock().lock();
            try {
                if (link == now) mount.onFrame(reply);
            } finally {
                answering.readLock().unlock();
                reply.release();
            }
        }

        /// From now on frames take a random time, in order within one class.
        void slowDown(SlowWire slow) {
            wire = slow;
        }

        void start(long connection, boolean resumed) {
            mount = new HomeMount(
                    HOME,
                    fuse,
                    resumed,
                    this::send,
                    pid -> Optional.of(uidOf(pid) == USER.uid() ? USERS[index] : ROOTS[index]),
                    store,
                    HomeMountConfig.of(
                            connection,
                            1000 + index,
                            isHome() ? Optional.of(directory.resolve("notes")) : Optional.empty()));
            mount.start();
            connect();
        }

        void connect() {
            link = new Link(server);
            mount.onLinkUp();
        }

        void disconnect() {
            link = null;
            mount.onLinkDown();
        }

        /// As a daemon's end ends it: no thread of it does anything any more when this returns.
        void end() {
            disconnect();
            mount.close();
            answering.writeLock().lock(); // whatever came before is done
            try {
                while (mount.serving() > 0) Thread.onSpinWait();
            } finally {
                answering.writeLock().unlock();
            }
        }
    }

    TwoNodes() {
        this(Path.of("/"));
    }

    TwoNodes(Path root) {
        this(root, 1_000_000);
    }

    /// @param maxInodes that both nodes together may know
    TwoNodes(Path root, long maxInodes) {
        this(root, maxInodes, false);
    }

    /// @param ownHome the first is home's mount of its own files: both of its ends end together
    TwoNodes(Path root, long maxInodes, boolean ownHome) {
        this.ownHome = ownHome;
        this.maxInodes = maxInodes;
        try {
            directory = Files.createTempDirectory("drover-homefs");
            Files.setPosixFilePermissions(
                    directory, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
            for (int i = 0; i < 2; i++) {
                allowed.put(ROOTS[i], ROOT);
                allowed.put(USERS[i], USER);
                sides.add(new Side(i));
            }
            startServer(root, FileServerConfig.bootNow());
            script = directory.resolve("mounts.py");
            try (var source = TwoNodes.class.getResourceAsStream("mounts.py")) {
                Files.copy(source, script, StandardCopyOption.REPLACE_EXISTING);
            }
            List<String> command = new ArrayList<>(List.of(
                    "python3",
                    script.toString(),
                    Long.toString(ProcessHandle.current().pid())));
            for (Side side : sides) command.add(side.fuse + ":" + side.path);
            namespace = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String line = new BufferedReader(namespace.inputReader(StandardCharsets.US_ASCII)).readLine();
            if (line == null) throw new IllegalStateException("the mounts could not be made");
            String[] connections = line.split(" ", -1);
            for (Side side : sides) side.start(Long.parseLong(connections[side.index]), false);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void startServer(Path root, long boot) {
        FileServerConfig base =
                FileServerConfig.ofMachine(HOME, Path.of("/run/drover"), Path.of("/var/lib/drover"), GUEST_LEASE);
        server = new FileServer(
                new FileServerConfig(
                        HOME,
                        root,
                        base.veiled(),
                        directory.resolve("performed"),
                        directory.resolve("cookies"),
                        GUEST_LEASE,
                        boot,
                        base.threads(),
                        base.maxDescriptors(),
                        maxInodes,
                        base.maxHandles(),
                        base.maxHandlesPerGuest(),
                        base.maxCallsPerNode(),
                        base.rememberedReplies()),
                (node, guest) -> Optional.ofNullable(allowed.get(guest)),
                effects::add);
        for (Side side : sides) if (side.mount != null) server.expect(side.node);
    }

    private static int uidOf(int pid) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status")))
                if (line.startsWith("Uid:")) return Integer.parseInt(line.split("\\s+", -1)[4]);
        } catch (IOException e) {
            // the thread is gone
        }
        return 0;
    }

    /// A job is about to start on a node, of those that know home's files.
    void beginJob(int node) throws InterruptedException {
        Side side = sides.get(node);
        CountDownLatch known = new CountDownLatch(1);
        server.whenKnown(side.node, known::countDown);
        if (!known.await(10, TimeUnit.SECONDS)) throw new IllegalStateException("node " + node + " is not up to date");
        side.mount.beginJob();
    }

    /// The mount's path of home's `path` on a node.
    Path on(int node, Path path) {
        return sides.get(node).path.resolve(Path.of("/").relativize(path));
    }

    /// Runs a shell script with $A and $B as the two nodes' views of `work`, and $H as home's own.
    Result sh(Path work, String script) {
        return run(work, List.of("sh", "-c", script));
    }

    Result shAsUser(Path work, String script) {
        return run(work, asUser("sh", "-c", script));
    }

    static List<String> asUser(String... command) {
        List<String> full =
                new ArrayList<>(List.of("setpriv", "--reuid=1000", "--regid=1000", "--groups=1000,2001,2002"));
        full.addAll(List.of(command));
        return full;
    }

    Result python(Path work, String script) {
        return run(work, List.of("/usr/bin/python3", "-c", script));
    }

    Process start(Path work, List<String> command) throws IOException {
        List<String> full = new ArrayList<>(List.of("nsenter", "--mount=/proc/" + namespace.pid() + "/ns/mnt", "--"));
        full.addAll(command);
        ProcessBuilder builder = new ProcessBuilder(full).redirectErrorStream(true);
        builder.environment().put("A", on(0, work).toString());
        builder.environment().put("B", on(1, work).toString());
        builder.environment().put("H", work.toString());
        builder.environment().put("ROOT_A", sides.get(0).path.toString());
        builder.environment().put("ROOT_B", sides.get(1).path.toString());
        builder.environment().put("LC_ALL", "C");
        return builder.start();
    }

    Result run(Path work, List<String> command) {
        try {
            Process process = start(work, command);
            process.getOutputStream().close();
            StringBuilder output = new StringBuilder();
            Thread reader = Thread.ofPlatform().start(() -> {
                try {
                    output.append(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
                } catch (IOException e) {
                    output.append(e);
                }
            });
            if (!process.waitFor(COMMAND_SECONDS, TimeUnit.SECONDS)) {
                process.descendants().forEach(ProcessHandle::destroyForcibly);
                process.destroyForcibly();
                return new Result(-1, "not done after " + COMMAND_SECONDS + " s");
            }
            reader.join(5_000);
            return new Result(process.exitValue(), output.toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    @Override
    public void close() {
        namespace.destroyForcibly();
        for (Side side : sides) {
            side.mount.close(); // says good-bye over the wire
            if (side.wire != null) side.wire.close();
            Close.close(side.fuse);
        }
        server.close();
        try {
            Files.delete(script);
            Files.delete(directory.resolve("performed"));
            Files.deleteIfExists(directory.resolve("notes"));
            deleteAll(directory.resolve("cookies"));
            for (Side side : sides) {
                Files.delete(side.path);
                side.store.close();
                deleteAll(directory.resolve("store" + (side.index + 1)));
            }
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static void deleteAll(Path tree) throws IOException {
        try (var found = Files.walk(tree)) {
            for (Path each : found.sorted(Comparator.reverseOrder()).toList()) Files.delete(each);
        }
    }

    /// Mounts two nodes' views of / and waits: for trying things by hand.
    public static void main(String[] arguments) throws IOException {
        try (TwoNodes nodes = new TwoNodes()) {
            System.out.println("nsenter --mount=/proc/" + nodes.namespace.pid() + "/ns/mnt  ; " + nodes.directory);
            var input = new BufferedReader(new java.io.InputStreamReader(System.in, StandardCharsets.UTF_8));
            for (String line = input.readLine(); line != null; line = input.readLine())
                for (Side side : nodes.sides)
                    System.out.println(side.mount.counters().requests() + " calls "
                            + side.mount.counters().calls() + " here "
                            + side.mount.counters().answeredHere() + " nodes " + side.mount.nodes());
        }
    }
}
