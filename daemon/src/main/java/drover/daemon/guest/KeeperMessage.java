package drover.daemon.guest;

import drover.model.GuestKey;
import drover.model.NodeId;
import drover.protocol.Wire;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;

/// What the keeper tells the daemon.
sealed interface KeeperMessage {
    int MOUNTED = 101;
    int STARTED = 103;
    int START_FAILED = 104;
    int SESSION = 105;
    int INVENTORY = 106;
    int UNMOUNTED = 107;
    int CREATED = 108;
    int CALLER = 109;
    int DUMPED = 110;
    int DUMP_FAILED = 111;
    int RESTORED = 112;
    int DEAD = 113;
    int NETWORK = 114;
    int LENT = 115;
    int PAGER = 116;
    int WHOLE = 117;

    /// States of a held guest: on its way to another node, and from one.
    int LEAVING = 4;

    int ARRIVING = 5;

    /// Another node has it, but not all of its memory.
    int HELD_FOR_MEMORY = 6;

    /// From this version on, a keeper moves guests.
    int MOVES_VERSION = 2;

    /// From this version on, it can do so before their memory.
    int POST_COPY_VERSION = 3;

    /// A home's file view is mounted; the /dev/fuse descriptor came along. `already`: it had been before.
    record Mounted(NodeId home, int errno, long connection, boolean already) implements KeeperMessage {}

    record Unmounted(NodeId home, int errno) implements KeeperMessage {}

    /// The guest's pid namespace exists; nothing runs in it yet.
    record Created(GuestKey guest, int initHostPid, long pidNamespace) implements KeeperMessage {}

    record Started(GuestKey guest, int initHostPid, int mainHostPid, long pidNamespace) implements KeeperMessage {}

    /// The guest's device in its home's network; its descriptor came along.
    record Network(GuestKey guest) implements KeeperMessage {}

    record StartFailed(GuestKey guest, int exitStatus, String reason) implements KeeperMessage {}

    record Session(GuestKey guest, ByteBuf frame) implements KeeperMessage {}

    /// This process and its children act for the guest; it waits until that is known. 0: none any more.
    record Caller(GuestKey guest, int hostPid) implements KeeperMessage {}

    /// The guest is in its image, and held.
    record Dumped(GuestKey guest, ByteBuf handoff) implements KeeperMessage {}

    /// It goes on here.
    record DumpFailed(GuestKey guest, String reason) implements KeeperMessage {}

    /// It is complete, and held.
    record Restored(GuestKey guest) implements KeeperMessage {}

    /// No process is left of a guest that is another node's.
    record Dead(GuestKey guest) implements KeeperMessage {}

    /// It never runs here again; its memory is there to be read.
    record Lent(GuestKey guest) implements KeeperMessage {}

    /// Its memory follows, and is asked for at that socket.
    record Pager(GuestKey guest, String socket) implements KeeperMessage {}

    /// Nothing more is wanted.
    ///
    /// @param lost the guest could not go on without what was missing
    record Whole(GuestKey guest, boolean lost) implements KeeperMessage {}

    /// What it holds.
    ///
    /// @param version of what it understands: 0 for a keeper of before, which moves nothing
    record Inventory(List<Held> guests, int version) implements KeeperMessage {}

    /// One guest that the keeper holds.
    record Held(GuestKey guest, int state, int initHostPid, long pidNamespace) {}

    /// Decodes a frame that begins at its type.
    static KeeperMessage decode(ByteBuf in) {
        int type = Wire.readU8(in);
        return switch (type) {
            case MOUNTED -> {
                NodeId home = Wire.readNode(in);
                yield new Mounted(home, Wire.readI32(in), Wire.readI64(in), Wire.readU8(in) != 0);
            }
            case UNMOUNTED -> new Unmounted(Wire.readNode(in), Wire.readI32(in));
            case CREATED -> new Created(Wire.readKey(in), Wire.readI32(in), Wire.readI64(in));
            case STARTED -> new Started(Wire.readKey(in), Wire.readI32(in), Wire.readI32(in), Wire.readI64(in));
            case START_FAILED -> new StartFailed(Wire.readKey(in), Wire.readU8(in), Wire.readString(in));
            case NETWORK -> new Network(Wire.readKey(in));
            case SESSION -> new Session(Wire.readKey(in), in.readSlice(in.readableBytes()));
            case CALLER -> new Caller(Wire.readKey(in), Wire.readI32(in));
            case DUMPED -> new Dumped(Wire.readKey(in), in.readSlice(in.readableBytes()));
            case DUMP_FAILED -> new DumpFailed(Wire.readKey(in), Wire.readString(in));
            case RESTORED -> new Restored(Wire.readKey(in));
            case DEAD -> new Dead(Wire.readKey(in));
            case LENT -> new Lent(Wire.readKey(in));
            case PAGER -> new Pager(Wire.readKey(in), Wire.readString(in));
            case WHOLE -> new Whole(Wire.readKey(in), Wire.readU8(in) == 0);
            case INVENTORY -> {
                int count = Wire.readCount(in, 29);
                List<Held> held = new ArrayList<>(count);
                for (int i = 0; i < count; i++)
                    held.add(new Held(Wire.readKey(in), Wire.readU8(in), Wire.readI32(in), Wire.readI64(in)));
                yield new Inventory(held, in.isReadable() ? Wire.readU8(in) : 0);
            }
            default -> throw new WireException("unknown keeper message of type " + type);
        };
    }
}
