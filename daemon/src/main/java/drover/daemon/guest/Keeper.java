package drover.daemon.guest;

import drover.linux.socket.UnixSocket;
import drover.model.Credentials;
import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobCodec;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The daemon's side of the connection to the keeper, the native process that holds this node's guests and
/// outlives the daemon. Starts the keeper if none answers. Messages are received on one platform thread and
/// handed to the listener; sending is safe from any thread.
public final class Keeper implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Keeper.class);
    private static final Duration START_PATIENCE = Duration.ofSeconds(10);
    private static final int MOUNT = 1;
    private static final int UNMOUNT = 2;
    private static final int START = 3;
    private static final int SESSION = 4;
    private static final int KILL = 5;
    private static final int FORGET = 6;
    private static final int LEASE = 7;
    private static final int DUMP = 9;
    private static final int RESTORE = 10;
    private static final int KNOWN = 11;
    private static final int RESUME = 12;
    private static final int ABANDON = 13;
    private static final int LEFT = 14;
    private static final int DUMP_LAZY = 15;
    private static final int RESTORE_LAZY = 16;
    private static final int LEND = 17;

    /// Hears what the keeper says, on the receiving thread.
    interface Listener {
        /// A message. Buffers in it are valid until the call returns.
        ///
        /// @param takeDescriptor gives the descriptor that came with a Mounted message; call it at most once,
        ///     in this call
        void message(KeeperMessage message, IntSupplier takeDescriptor);

        void lost(String reason);
    }

    /// Where the keeper is and how it is started.
    ///
    /// @param program `drover-keeper`
    /// @param guestInit `drover-init`, pid 1 of each guest
    /// @param images where guests that move are written down: as large as their memory, and for root alone
    public record Setup(
            Path program, Path guestInit, Path runDirectory, Path images, String guestCgroup, int guestWeight) {
        Path socket() {
            return runDirectory.resolve("keeper.sock");
        }

        List<String> command() {
            List<String> command = new ArrayList<>(List.of(
                    program.toString(),
                    "--socket",
                    socket().toString(),
                    "--run-dir",
                    runDirectory.toString(),
                    "--init",
                    guestInit.toString(),
                    "--guest-weight",
                    Integer.toString(guestWeight)));
            if (!guestCgroup.isEmpty()) command.addAll(List.of("--guest-cgroup", guestCgroup));
            return command;
        }
    }

    private final FrameSocket socket;
    private final Thread receiver;
    private final long startId;

    /// Connects to the keeper, starting it first if there is none.
    ///
    /// @throws IOException if it cannot be started or does not answer
    Keeper(Setup setup, Listener listener) throws IOException {
        socket = new FrameSocket(connect(setup));
        startId = Files.getLastModifiedTime(setup.socket()).to(TimeUnit.NANOSECONDS);
        receiver = Thread.ofPlatform().name("keeper").daemon().unstarted(() -> receive(listener));
        receiver.start();
    }

    private static UnixSocket connect(Setup setup) throws IOException {
        try {
            return UnixSocket.connect(setup.socket().toString());
        } catch (IOException e) {
            LOG.info("no keeper answers ({}); starting one", e.getMessage());
        }
        Path log = setup.runDirectory().resolve("keeper.log");
        new ProcessBuilder(setup.command())
                .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .redirectErrorStream(true)
                .start();
        long deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (true) {
            try {
                return UnixSocket.connect(setup.socket().toString());
            } catch (IOException e) {
                if (System.nanoTime() - deadline > 0)
                    throw new IOException(
                            "the keeper does not answer: " + e.getMessage() + "; it said: " + tail(log), e);
            }
            try {
                Thread.sleep(10); // a state of another process: there is nothing to wait on
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while starting the keeper", e);
            }
        }
    }

    private static String tail(Path log) {
        try {
            List<String> lines = Files.readAllLines(log);
            return lines.isEmpty() ? "nothing" : lines.getLast();
        } catch (IOException e) {
            return "nothing";
        }
    }

    private void receive(Listener listener) {
        listener.lost(socket.receive(frame -> deliver(frame, listener)));
    }

    private void deliver(ByteBuf frame, Listener listener) {
        try {
            listener.message(KeeperMessage.decode(frame), this::takeDescriptor);
        } catch (RuntimeException e) {
            LOG.error("a message of the keeper could not be used", e);
        }
    }

    private int takeDescriptor() {
        try {
            return socket.takeDescriptor();
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /// Different for each keeper that was ever started on this machine.
    long startId() {
        return startId;
    }

    void mount(NodeId home, int maxReadBytes) {
        ByteBuf out = FrameSocket.begin(MOUNT);
        Wire.writeString(out, home.name());
        send(out.writeIntLE(maxReadBytes));
    }

    void unmount(NodeId home) {
        ByteBuf out = FrameSocket.begin(UNMOUNT);
        Wire.writeString(out, home.name());
        send(out);
    }

    /// @param homefs the guest's root is its home's file view; otherwise this node's own files, for guests at home
    void start(StartGuest start, boolean homefs, int cpuWeight) {
        ByteBuf out = FrameSocket.begin(START);
        Wire.writeKey(out, start.guest());
        out.writeBoolean(homefs);
        out.writeIntLE(start.credentials().uid()).writeIntLE(start.credentials().gid());
        out.writeIntLE(start.credentials().groups().size());
        start.credentials().groups().forEach(out::writeIntLE);
        Wire.writeString(out, start.guest().job().home().name());
        out.writeLongLE(start.memoryLimitBytes()).writeIntLE(cpuWeight);
        JobCodec.writeNetwork(out, start.network());
        send(out.writeBytes(
                start.spec(), start.spec().readerIndex(), start.spec().readableBytes()));
    }

    void session(GuestKey guest, ByteBuf frame) {
        ByteBuf out = FrameSocket.begin(SESSION);
        Wire.writeKey(out, guest);
        send(out.writeBytes(frame, frame.readerIndex(), frame.readableBytes()));
    }

    void kill(GuestKey guest) {
        say(KILL, guest);
    }

    void forget(GuestKey guest) {
        say(FORGET, guest);
    }

    /// Source of a move: hold the guest and write it into an image.
    ///
    /// @param memoryFollows but not its memory, which stays there to be read
    void dump(GuestKey guest, Criu criu, ImageDirectory image, boolean memoryFollows) {
        send(withCriu(memoryFollows ? DUMP_LAZY : DUMP, guest, criu, image));
    }

    /// Target of a move: make the guest from its image, and hold it.
    ///
    /// @param memoryAt the node that has its memory, if that is not in the image
    /// @param handoff what the source's keeper said of it
    void restore(
            GuestKey guest,
            Criu criu,
            ImageDirectory image,
            Credentials owner,
            GuestNetwork network,
            Optional<NodeId> memoryAt,
            byte[] handoff) {
        ByteBuf out = withCriu(memoryAt.isPresent() ? RESTORE_LAZY : RESTORE, guest, criu, image)
                .writeIntLE(owner.uid())
                .writeIntLE(owner.gid())
                .writeIntLE(owner.groups().size());
        owner.groups().forEach(out::writeIntLE);
        JobCodec.writeNetwork(out, network);
        memoryAt.ifPresent(source -> Wire.writeString(out, source.name()));
        send(out.writeBytes(handoff));
    }

    private static ByteBuf withCriu(int type, GuestKey guest, Criu criu, ImageDirectory image) {
        ByteBuf out = FrameSocket.begin(type);
        Wire.writeKey(out, guest);
        for (Path path : List.of(criu.program(), criu.shim(), criu.gate(), image.path()))
            Wire.writeString(out, path.toString());
        return out;
    }

    /// What it said of the guest's callers is known: they may go on.
    void known(GuestKey guest) {
        say(KNOWN, guest);
    }

    /// Target: let it run.
    void resume(GuestKey guest) {
        say(RESUME, guest);
    }

    /// Source: another node has it; end it, and say when it is dead.
    void left(GuestKey guest) {
        say(LEFT, guest);
    }

    /// Source: another node has it. If its memory followed, hold it for that and say so; else as [#left].
    void lend(GuestKey guest) {
        say(LEND, guest);
    }

    /// Source: it goes on here.
    void abandon(GuestKey guest) {
        say(ABANDON, guest);
    }

    private void say(int type, GuestKey guest) {
        ByteBuf out = FrameSocket.begin(type);
        Wire.writeKey(out, guest);
        send(out);
    }

    void lease(NodeId home, Duration length) {
        ByteBuf out = FrameSocket.begin(LEASE);
        Wire.writeString(out, home.name());
        send(out.writeLongLE(length.toMillis()));
    }

    private void send(ByteBuf frame) {
        try {
            socket.send(frame);
        } catch (IOException e) {
            LOG.warn("the keeper cannot be reached: {}", e.getMessage());
        }
    }

    @Override
    public void close() {
        socket.close(receiver);
    }
}
