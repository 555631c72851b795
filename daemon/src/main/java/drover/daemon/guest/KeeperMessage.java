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
    int NETWORK = 109;

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

    record Inventory(List<Held> guests) implements KeeperMessage {}

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
            case INVENTORY -> {
                int count = Wire.readCount(in, 29);
                List<Held> held = new ArrayList<>(count);
                for (int i = 0; i < count; i++)
                    held.add(new Held(Wire.readKey(in), Wire.readU8(in), Wire.readI32(in), Wire.readI64(in)));
                yield new Inventory(held);
            }
            default -> throw new WireException("unknown keeper message of type " + type);
        };
    }
}
