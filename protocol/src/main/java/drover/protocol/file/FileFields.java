package drover.protocol.file;

import drover.protocol.file.FileOperation.RevivedNode;
import io.netty.buffer.ByteBuf;

/// The primitives that calls and replies are made of.
final class FileFields {
    static final int CALL = 1;
    static final int REPLY = 2;
    static final int RECALL = 3;
    static final int CALLER_BYTES = 8 + 4 + 4 + 4;
    /// With an empty name.
    static final int REVIVED_NODE_BYTES = 5 * 8 + 4;
    /// What a frame may be at most: a call or reply of 1 MiB of data and the fields around it.
    static final int MAX_FRAME_BYTES = (1 << 20) + (1 << 16);
    /// XATTR_SIZE_MAX, and more than PATH_MAX.
    private static final int MAX_STRING_BYTES = 1 << 16;

    private FileFields() {}

    static void putBytes(ByteBuf out, Bytes bytes) {
        out.writeIntLE(bytes.length());
        out.writeBytes(bytes.array());
    }

    static Bytes bytes(ByteBuf in) throws MalformedFileFrame {
        byte[] bytes = new byte[count(in, MAX_STRING_BYTES, 1)];
        in.readBytes(bytes);
        return Bytes.owning(bytes);
    }

    static boolean flag(ByteBuf in) {
        return in.readByte() != 0;
    }

    /// A number of things that follow, each of which needs some bytes: never more than the frame can hold.
    static int count(ByteBuf in, int limit, int bytesEach) throws MalformedFileFrame {
        int count = in.readIntLE();
        if (count < 0 || count > limit || (long) count * bytesEach > in.readableBytes())
            throw new MalformedFileFrame("a count of " + Integer.toUnsignedString(count) + " with " + in.readableBytes()
                    + " bytes left in the frame");
        return count;
    }

    static void putCaller(ByteBuf out, Caller caller) {
        out.writeLongLE(caller.job()).writeIntLE(caller.epoch());
        out.writeIntLE(caller.uid()).writeIntLE(caller.gid());
    }

    static Caller caller(ByteBuf in) {
        return new Caller(in.readLongLE(), in.readIntLE(), in.readIntLE(), in.readIntLE());
    }

    static void putRevivedNode(ByteBuf out, RevivedNode node) {
        putBytes(out.writeLongLE(node.node()).writeLongLE(node.parent()), node.name());
        out.writeLongLE(node.device()).writeLongLE(node.inode()).writeLongLE(node.lookups());
    }

    static RevivedNode revivedNode(ByteBuf in) throws MalformedFileFrame {
        return new RevivedNode(
                in.readLongLE(), in.readLongLE(), bytes(in), in.readLongLE(), in.readLongLE(), in.readLongLE());
    }

    static void putTime(ByteBuf out, FileTime time) {
        out.writeLongLE(time.seconds());
        out.writeIntLE(time.nanos());
    }

    static FileTime time(ByteBuf in) {
        return new FileTime(in.readLongLE(), in.readIntLE());
    }

    static void putAttributes(ByteBuf out, FileAttributes a) {
        out.writeLongLE(a.number());
        out.writeLongLE(a.device());
        out.writeLongLE(a.inode());
        out.writeIntLE(a.mode());
        out.writeIntLE(a.links());
        out.writeIntLE(a.uid());
        out.writeIntLE(a.gid());
        out.writeIntLE(a.rdev());
        out.writeLongLE(a.size());
        out.writeLongLE(a.blocks());
        out.writeIntLE(a.blockBytes());
        putTime(out, a.accessed());
        putTime(out, a.modified());
        putTime(out, a.changed());
        putTime(out, a.born());
    }

    static FileAttributes attributes(ByteBuf in) {
        return new FileAttributes(
                in.readLongLE(),
                in.readLongLE(),
                in.readLongLE(),
                in.readIntLE(),
                in.readIntLE(),
                in.readIntLE(),
                in.readIntLE(),
                in.readIntLE(),
                in.readLongLE(),
                in.readLongLE(),
                in.readIntLE(),
                time(in),
                time(in),
                time(in),
                time(in));
    }

    static void putLock(ByteBuf out, LockRange range) {
        out.writeIntLE(range.type());
        out.writeLongLE(range.start());
        out.writeLongLE(range.end());
        out.writeIntLE(range.pid());
    }

    static LockRange lock(ByteBuf in) {
        return new LockRange(in.readIntLE(), in.readLongLE(), in.readLongLE(), in.readIntLE());
    }
}
