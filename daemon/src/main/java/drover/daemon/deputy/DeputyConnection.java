package drover.daemon.deputy;

import drover.model.ExitStatus;
import drover.protocol.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import java.nio.charset.StandardCharsets;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One deputy's or command's connection, to speak to it. Safe from any thread; what is said to a closed one is
/// dropped.
public final class DeputyConnection {
    private static final int ACCEPTED = 101;
    private static final int REFUSED = 102;
    private static final int SESSION = 103;
    private static final int STARTED = 104;
    private static final int ENDED = 105;
    private static final int NOTICE = 106;
    private static final int RESULT = 120;
    private static final int TEXT = 121;

    private static final int HOW_FAILED = 2;

    /// What may wait for a caller that does not read. An honest deputy's streams hold at most 256 KiB each, and an
    /// answer is one frame; whoever lets more pile up, or has it piled up by a node, loses the connection. A deputy
    /// then comes back and asks for what it has not got.
    private static final int PENDING_MAX_BYTES = 8 << 20;

    private static final Logger LOG = LoggerFactory.getLogger(DeputyConnection.class);

    private final Channel channel;
    private final Peer peer;

    DeputyConnection(Channel channel, Peer peer) {
        this.channel = channel;
        this.peer = peer;
    }

    public Peer peer() {
        return peer;
    }

    public boolean isOpen() {
        return channel.isActive();
    }

    public void accepted(long job, byte[] secret, String logPath) {
        ByteBuf out = begin(ACCEPTED).writeLongLE(job).writeBytes(secret);
        Wire.writeString(out, logPath);
        send(out);
    }

    /// The job is not taken; the message says what, why and what next.
    public void refused(int exitStatus, String message) {
        ByteBuf out = begin(REFUSED).writeByte(exitStatus);
        Wire.writeString(out, message);
        send(out);
    }

    public void session(int epoch, ByteBuf frame) {
        send(begin(SESSION).writeIntLE(epoch).writeBytes(frame, frame.readerIndex(), frame.readableBytes()));
    }

    public void started(int epoch, String node) {
        ByteBuf out = begin(STARTED).writeIntLE(epoch);
        Wire.writeString(out, node);
        send(out);
    }

    public void ended(ExitStatus status, boolean lingering) {
        switch (status) {
            case ExitStatus.Exited e -> ended(0, e.code(), false, lingering, "");
            case ExitStatus.Signalled s -> ended(1, s.signal(), s.coreDumped(), lingering, "");
        }
    }

    /// Drover itself failed to run the command to its end.
    public void failed(int exitStatus, String message) {
        ended(HOW_FAILED, exitStatus, false, false, message);
    }

    private void ended(int how, int code, boolean core, boolean lingering, String message) {
        ByteBuf out =
                begin(ENDED).writeByte(how).writeByte(code).writeBoolean(core).writeBoolean(lingering);
        Wire.writeString(out, message);
        send(out);
    }

    public void notice(String message) {
        ByteBuf out = begin(NOTICE);
        Wire.writeString(out, message);
        send(out);
    }

    public void text(byte[] bytes, int length) {
        send(begin(TEXT).writeBytes(bytes, 0, length));
    }

    /// The answer to a command, as JSON.
    public void result(String json) {
        send(begin(RESULT).writeBytes(json.getBytes(StandardCharsets.UTF_8)));
    }

    public boolean isWritable() {
        return channel.isWritable();
    }

    public void close() {
        var _ = channel.close();
    }

    private ByteBuf begin(int type) {
        return channel.alloc().buffer(64).writeByte(type);
    }

    private void send(ByteBuf frame) {
        if (channel.bytesBeforeWritable() > PENDING_MAX_BYTES) {
            frame.release();
            if (channel.isOpen())
                LOG.warn("process {} does not read what it is sent: its connection is cut", peer.pid());
            close();
            return;
        }
        var _ = channel.writeAndFlush(frame, channel.voidPromise());
    }
}
