package drover.protocol.job;

import drover.model.Credentials;
import drover.model.GuestKey;
import drover.protocol.Wire;
import drover.protocol.WireException;
import drover.protocol.job.JobMessage.EndGuest;
import drover.protocol.job.JobMessage.ExitCommitted;
import drover.protocol.job.JobMessage.GuestDead;
import drover.protocol.job.JobMessage.GuestFailed;
import drover.protocol.job.JobMessage.GuestReady;
import drover.protocol.job.JobMessage.GuestRestored;
import drover.protocol.job.JobMessage.GuestStarted;
import drover.protocol.job.JobMessage.GuestStays;
import drover.protocol.job.JobMessage.KeepGuest;
import drover.protocol.job.JobMessage.KillGuest;
import drover.protocol.job.JobMessage.Lease;
import drover.protocol.job.JobMessage.Missing;
import drover.protocol.job.JobMessage.PrepareGuest;
import drover.protocol.job.JobMessage.Reconcile;
import drover.protocol.job.JobMessage.ResumeGuest;
import drover.protocol.job.JobMessage.SendGuest;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.JobMessage.StartGuest;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/// Bytes of [JobMessage]s: a type, then the record's fields in order. Buffers inside decoded messages are
/// slices of the frame and live as long as it does.
public final class JobCodec {
    private static final int START_GUEST = 1;
    private static final int SESSION = 2;
    private static final int KILL_GUEST = 3;
    private static final int EXIT_COMMITTED = 4;
    private static final int LEASE = 5;
    private static final int RECONCILE = 6;
    private static final int PREPARE_GUEST = 7;
    private static final int SEND_GUEST = 8;
    private static final int KEEP_GUEST = 9;
    private static final int END_GUEST = 10;
    private static final int RESUME_GUEST = 11;
    private static final int GUEST_STARTED = 101;
    private static final int GUEST_FAILED = 102;
    private static final int MISSING = 104;
    private static final int GUEST_READY = 105;
    private static final int GUEST_RESTORED = 106;
    private static final int GUEST_STAYS = 107;
    private static final int GUEST_DEAD = 108;

    private static final int NETWORK_NONE = 0;
    private static final int NETWORK_NODE = 1;
    private static final int NETWORK_HOME = 2;

    /// Length of the shortest guest key on the wire: an empty name, a number, an epoch.
    private static final int KEY_MIN_BYTES = 16;

    private static final Duration LEASE_MAX = Duration.ofHours(1);

    private JobCodec() {}

    public static ByteBuf encode(JobMessage message, ByteBufAllocator allocator) {
        ByteBuf out = allocator.buffer(64);
        switch (message) {
            case StartGuest m -> {
                begin(out, START_GUEST, m.guest());
                writeCredentials(out, m.credentials());
                out.writeLongLE(m.memoryLimitBytes());
                writeNetwork(out, m.network());
                out.writeBytes(m.spec(), m.spec().readerIndex(), m.spec().readableBytes());
            }
            case Session m -> {
                begin(out, SESSION, m.guest());
                out.writeBytes(m.frame(), m.frame().readerIndex(), m.frame().readableBytes());
            }
            case KillGuest m -> begin(out, KILL_GUEST, m.guest());
            case ExitCommitted m -> begin(out, EXIT_COMMITTED, m.guest());
            case Lease m -> out.writeByte(LEASE).writeLongLE(m.length().toMillis());
            case Reconcile m -> writeKeys(out.writeByte(RECONCILE), m.alive());
            case PrepareGuest m -> {
                begin(out, PREPARE_GUEST, m.guest());
                Wire.writeString(out, m.source().name());
                writeCredentials(out, m.credentials());
                writeNetwork(out, m.network());
            }
            case SendGuest m -> {
                begin(out, SEND_GUEST, m.guest());
                Wire.writeKey(out, m.next());
                Wire.writeString(out, m.target().name());
            }
            case KeepGuest m -> begin(out, KEEP_GUEST, m.guest());
            case EndGuest m -> begin(out, END_GUEST, m.guest());
            case ResumeGuest m -> begin(out, RESUME_GUEST, m.guest());
            case GuestReady m -> begin(out, GUEST_READY, m.guest());
            case GuestRestored m -> begin(out, GUEST_RESTORED, m.guest());
            case GuestStays m -> {
                begin(out, GUEST_STAYS, m.guest());
                Wire.writeString(out, m.reason());
            }
            case GuestDead m -> begin(out, GUEST_DEAD, m.guest());
            case GuestStarted m -> {
                begin(out, GUEST_STARTED, m.guest());
                out.writeIntLE(m.hostPid());
            }
            case GuestFailed m -> {
                begin(out, GUEST_FAILED, m.guest());
                out.writeByte(m.exitStatus());
                Wire.writeString(out, m.reason());
            }
            case Missing m -> writeKeys(out.writeByte(MISSING), m.guests());
        }
        return out;
    }

    /// Decodes one frame.
    ///
    /// @throws WireException if it is no message
    public static JobMessage decode(ByteBuf in) {
        int type = Wire.readU8(in);
        return switch (type) {
            case START_GUEST -> {
                GuestKey guest = Wire.readKey(in);
                Credentials credentials = readCredentials(in);
                long memoryLimitBytes = Wire.readI64(in);
                if (memoryLimitBytes < 0) throw new WireException("negative memory limit " + memoryLimitBytes);
                GuestNetwork network = readNetwork(in);
                yield new StartGuest(guest, credentials, memoryLimitBytes, network, false, rest(in));
            }
            case SESSION -> new Session(Wire.readKey(in), rest(in));
            case KILL_GUEST -> new KillGuest(Wire.readKey(in));
            case EXIT_COMMITTED -> new ExitCommitted(Wire.readKey(in));
            case LEASE -> {
                long millis = Wire.readI64(in);
                if (millis < 0 || millis > LEASE_MAX.toMillis())
                    throw new WireException("a lease of " + millis + " ms is out of range");
                yield new Lease(Duration.ofMillis(millis));
            }
            case RECONCILE -> new Reconcile(readKeys(in));
            case PREPARE_GUEST ->
                new PrepareGuest(Wire.readKey(in), Wire.readNode(in), readCredentials(in), readNetwork(in));
            case SEND_GUEST -> new SendGuest(Wire.readKey(in), Wire.readKey(in), Wire.readNode(in));
            case KEEP_GUEST -> new KeepGuest(Wire.readKey(in));
            case END_GUEST -> new EndGuest(Wire.readKey(in));
            case RESUME_GUEST -> new ResumeGuest(Wire.readKey(in));
            case GUEST_READY -> new GuestReady(Wire.readKey(in));
            case GUEST_RESTORED -> new GuestRestored(Wire.readKey(in));
            case GUEST_STAYS -> new GuestStays(Wire.readKey(in), Wire.readString(in));
            case GUEST_DEAD -> new GuestDead(Wire.readKey(in));
            case GUEST_STARTED -> new GuestStarted(Wire.readKey(in), Wire.readI32(in));
            case GUEST_FAILED -> new GuestFailed(Wire.readKey(in), Wire.readU8(in), Wire.readString(in));
            case MISSING -> new Missing(readKeys(in));
            default -> throw new WireException("unknown job message of type " + type);
        };
    }

    private static void begin(ByteBuf out, int type, GuestKey guest) {
        out.writeByte(type);
        Wire.writeKey(out, guest);
    }

    private static void writeCredentials(ByteBuf out, Credentials credentials) {
        out.writeIntLE(credentials.uid()).writeIntLE(credentials.gid());
        out.writeIntLE(credentials.groups().size());
        credentials.groups().forEach(out::writeIntLE);
    }

    private static Credentials readCredentials(ByteBuf in) {
        int uid = Wire.readI32(in);
        int gid = Wire.readI32(in);
        int count = Wire.readCount(in, Integer.BYTES);
        if (count > Credentials.GROUPS_MAX) throw new WireException("too many groups: " + count);
        List<Integer> groups = new ArrayList<>(count);
        for (int i = 0; i < count; i++) groups.add(Wire.readI32(in));
        return new Credentials(uid, gid, groups);
    }

    /// Writes which network a guest is given; the keeper is told in the same words.
    public static void writeNetwork(ByteBuf out, GuestNetwork network) {
        switch (network) {
            case GuestNetwork.None _ -> out.writeByte(NETWORK_NONE);
            case GuestNetwork.OfNode _ -> out.writeByte(NETWORK_NODE);
            case GuestNetwork.OfHome home -> {
                out.writeByte(NETWORK_HOME).writeInt(home.address());
                Wire.writeString(out, home.resolverPath());
                Wire.writeString(out, home.resolverLines());
            }
        }
    }

    private static GuestNetwork readNetwork(ByteBuf in) {
        int kind = Wire.readU8(in);
        return switch (kind) {
            case NETWORK_NONE -> GuestNetwork.NONE;
            case NETWORK_NODE -> GuestNetwork.OF_NODE;
            case NETWORK_HOME ->
                new GuestNetwork.OfHome(
                        Integer.reverseBytes(Wire.readI32(in)), Wire.readString(in), Wire.readString(in));
            default -> throw new WireException("unknown network of kind " + kind);
        };
    }

    private static void writeKeys(ByteBuf out, List<GuestKey> keys) {
        out.writeIntLE(keys.size());
        keys.forEach(key -> Wire.writeKey(out, key));
    }

    private static List<GuestKey> readKeys(ByteBuf in) {
        int count = Wire.readCount(in, KEY_MIN_BYTES);
        List<GuestKey> keys = new ArrayList<>(count);
        for (int i = 0; i < count; i++) keys.add(Wire.readKey(in));
        return keys;
    }

    private static ByteBuf rest(ByteBuf in) {
        return in.readSlice(in.readableBytes());
    }
}
