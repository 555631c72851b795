package drover.protocol.file;

import drover.protocol.file.FileOperation.*;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/// Calls as frames, and frames as calls. Stateless; any thread.
public final class CallCodec {
    /// Of the calls and their answers. Raised with every change of what a frame holds: the two sides of a mount
    /// have to be of one version.
    public static final int VERSION = 4;

    private static final int HEADER_BYTES = 1 + 8 + FileFields.CALLER_BYTES + 2;
    private static final int MAX_LISTED = 1 << 16;
    private static final int MAX_RELEASED = 1 << 12;

    private CallCodec() {}

    /// The call's frame, without the length in front. A [Write]'s data is copied, not released.
    public static ByteBuf encode(FileCall call, ByteBufAllocator allocator) {
        int room = call.operation() instanceof Write write ? write.data().readableBytes() + 64 : 256;
        ByteBuf out = allocator.directBuffer(HEADER_BYTES + room);
        out.writeByte(FileFields.CALL);
        out.writeLongLE(call.id());
        FileFields.putCaller(out, call.caller());
        encode(call.operation(), out);
        return out;
    }

    private static void encode(FileOperation operation, ByteBuf out) {
        switch (operation) {
            case Hello(int version, long mountId) ->
                code(out, 1).writeIntLE(version).writeLongLE(mountId);
            case Lookup(long parent, Bytes name) ->
                FileFields.putBytes(code(out, 2).writeLongLE(parent), name);
            case Forget(List<Forgotten> nodes) -> {
                code(out, 3).writeIntLE(nodes.size());
                for (Forgotten node : nodes) out.writeLongLE(node.node()).writeLongLE(node.lookups());
            }
            case GetAttributes(long node, long handle) ->
                code(out, 4).writeLongLE(node).writeLongLE(handle);
            case SetAttributes s -> {
                code(out, 5)
                        .writeLongLE(s.node())
                        .writeLongLE(s.handle())
                        .writeIntLE(s.valid())
                        .writeIntLE(s.mode());
                out.writeIntLE(s.uid()).writeIntLE(s.gid()).writeLongLE(s.size());
                FileFields.putTime(out, s.accessed());
                FileFields.putTime(out, s.modified());
            }
            case ReadLink(long node) -> code(out, 6).writeLongLE(node);
            case Symlink(long parent, Bytes name, Bytes target) -> {
                FileFields.putBytes(code(out, 7).writeLongLE(parent), name);
                FileFields.putBytes(out, target);
            }
            case MakeNode(long parent, Bytes name, int mode, int umask, int rdev) -> {
                FileFields.putBytes(code(out, 8).writeLongLE(parent), name);
                out.writeIntLE(mode).writeIntLE(umask).writeIntLE(rdev);
            }
            case MakeDirectory(long parent, Bytes name, int mode, int umask) -> {
                FileFields.putBytes(code(out, 9).writeLongLE(parent), name);
                out.writeIntLE(mode).writeIntLE(umask);
            }
            case Unlink(long parent, Bytes name) ->
                FileFields.putBytes(code(out, 10).writeLongLE(parent), name);
            case RemoveDirectory(long parent, Bytes name) ->
                FileFields.putBytes(code(out, 11).writeLongLE(parent), name);
            case Rename(long parent, Bytes name, long newParent, Bytes newName, int flags) -> {
                FileFields.putBytes(code(out, 12).writeLongLE(parent), name);
                FileFields.putBytes(out.writeLongLE(newParent), newName);
                out.writeIntLE(flags);
            }
            case Link(long node, long newParent, Bytes newName) ->
                FileFields.putBytes(code(out, 13).writeLongLE(node).writeLongLE(newParent), newName);
            case Open(long node, int flags, boolean killSetIds, int prefetchBytes) ->
                code(out, 14)
                        .writeLongLE(node)
                        .writeIntLE(flags)
                        .writeBoolean(killSetIds)
                        .writeIntLE(prefetchBytes);
            case Create(long parent, Bytes name, int flags, int mode, int umask, boolean killSetIds) -> {
                FileFields.putBytes(code(out, 15).writeLongLE(parent), name);
                out.writeIntLE(flags).writeIntLE(mode).writeIntLE(umask).writeBoolean(killSetIds);
            }
            case TemporaryFile(long parent, int flags, int mode, int umask) ->
                code(out, 16)
                        .writeLongLE(parent)
                        .writeIntLE(flags)
                        .writeIntLE(mode)
                        .writeIntLE(umask);
            case Read(long handle, long offset, int length) ->
                code(out, 17).writeLongLE(handle).writeLongLE(offset).writeIntLE(length);
            case Write(long handle, long offset, boolean killSetIds, ByteBuf data) -> {
                code(out, 18).writeLongLE(handle).writeLongLE(offset).writeBoolean(killSetIds);
                out.writeBytes(data, data.readerIndex(), data.readableBytes());
            }
            case FileSystemStatus(long node) -> code(out, 19).writeLongLE(node);
            case Release(long handle, boolean unlockFlock, long lockOwner) ->
                code(out, 20).writeLongLE(handle).writeBoolean(unlockFlock).writeLongLE(lockOwner);
            case Flush(long handle, long lockOwner) ->
                code(out, 21).writeLongLE(handle).writeLongLE(lockOwner);
            case Sync(long handle, boolean dataOnly) ->
                code(out, 22).writeLongLE(handle).writeBoolean(dataOnly);
            case SyncFileSystem(long node) -> code(out, 23).writeLongLE(node);
            case SetXattr(long node, Bytes name, Bytes value, int flags) -> {
                FileFields.putBytes(code(out, 24).writeLongLE(node), name);
                FileFields.putBytes(out, value);
                out.writeIntLE(flags);
            }
            case GetXattr(long node, Bytes name) ->
                FileFields.putBytes(code(out, 25).writeLongLE(node), name);
            case ListXattr(long node) -> code(out, 26).writeLongLE(node);
            case RemoveXattr(long node, Bytes name) ->
                FileFields.putBytes(code(out, 27).writeLongLE(node), name);
            case OpenDirectory(long node) -> code(out, 28).writeLongLE(node);
            case ReadDirectory(long handle, long offset, int maxBytes, boolean plus) ->
                code(out, 29)
                        .writeLongLE(handle)
                        .writeLongLE(offset)
                        .writeIntLE(maxBytes)
                        .writeBoolean(plus);
            case Access(long node, int mask) -> code(out, 30).writeLongLE(node).writeIntLE(mask);
            case Allocate(long handle, int mode, long offset, long length) ->
                code(out, 31)
                        .writeLongLE(handle)
                        .writeIntLE(mode)
                        .writeLongLE(offset)
                        .writeLongLE(length);
            case Seek(long handle, long offset, int whence) ->
                code(out, 32).writeLongLE(handle).writeLongLE(offset).writeIntLE(whence);
            case CopyRange(long from, long fromOffset, long to, long toOffset, long length) -> {
                code(out, 33)
                        .writeLongLE(from)
                        .writeLongLE(fromOffset)
                        .writeLongLE(to)
                        .writeLongLE(toOffset);
                out.writeLongLE(length);
            }
            case TestLock(long handle, long owner, LockRange range) ->
                FileFields.putLock(code(out, 34).writeLongLE(handle).writeLongLE(owner), range);
            case SetLock(long handle, long owner, LockRange range, boolean flock, boolean waits) -> {
                FileFields.putLock(code(out, 35).writeLongLE(handle).writeLongLE(owner), range);
                out.writeBoolean(flock).writeBoolean(waits);
            }
            case Cancel(long callId) -> code(out, 36).writeLongLE(callId);
            case ReviveNodes(List<RevivedNode> nodes) -> {
                code(out, 37).writeIntLE(nodes.size());
                for (RevivedNode node : nodes) FileFields.putRevivedNode(out, node);
            }
            case ReviveHandle(long handle, long node, int flags, boolean directory) ->
                code(out, 38)
                        .writeLongLE(handle)
                        .writeLongLE(node)
                        .writeIntLE(flags)
                        .writeBoolean(directory);
            case Recalled(long number) -> code(out, 39).writeLongLE(number);
            case HashBlocks(long handle, int first, int count) ->
                code(out, 40).writeLongLE(handle).writeIntLE(first).writeIntLE(count);
            case ReleaseAll(List<Long> handles) -> {
                code(out, 41).writeIntLE(handles.size());
                for (long handle : handles) out.writeLongLE(handle);
            }
            case LookUpAll(long parent, List<Bytes> names, int contentBytes) -> {
                code(out, 42).writeLongLE(parent).writeIntLE(contentBytes).writeIntLE(names.size());
                for (Bytes name : names) FileFields.putBytes(out, name);
            }
            case Remind(long node, long handle) ->
                code(out, 43).writeLongLE(node).writeLongLE(handle);
            case AllRevived() -> code(out, 44);
            case Unknown(int code) -> code(out, code);
        }
    }

    private static ByteBuf code(ByteBuf out, int code) {
        return out.writeShortLE(code);
    }

    /// The id of a call whose rest may be malformed.
    public static long id(ByteBuf frame) throws MalformedFileFrame {
        if (frame.readableBytes() < HEADER_BYTES || frame.getByte(frame.readerIndex()) != FileFields.CALL)
            throw new MalformedFileFrame("no call: " + frame.readableBytes() + " bytes");
        return frame.getLongLE(frame.readerIndex() + 1);
    }

    /// The call in a frame. A [Write]'s data is a retained slice of the frame.
    public static FileCall decode(ByteBuf frame) throws MalformedFileFrame {
        if (frame.readableBytes() > FileFields.MAX_FRAME_BYTES)
            throw new MalformedFileFrame("a frame of " + frame.readableBytes() + " bytes");
        long id = id(frame);
        ByteBuf in = frame.duplicate().skipBytes(9);
        Caller caller = FileFields.caller(in);
        int code = in.readUnsignedShortLE();
        try {
            return new FileCall(id, caller, operation(code, in));
        } catch (IndexOutOfBoundsException e) {
            throw new MalformedFileFrame("operation " + code + " is cut off");
        }
    }

    private static FileOperation operation(int code, ByteBuf in) throws MalformedFileFrame {
        return switch (code) {
            case 1 -> new Hello(in.readIntLE(), in.readLongLE());
            case 2 -> new Lookup(in.readLongLE(), FileFields.bytes(in));
            case 3 -> {
                int count = FileFields.count(in, MAX_LISTED, 16);
                List<Forgotten> nodes = new ArrayList<>(count);
                for (int i = 0; i < count; i++) nodes.add(new Forgotten(in.readLongLE(), in.readLongLE()));
                yield new Forget(nodes);
            }
            case 4 -> new GetAttributes(in.readLongLE(), in.readLongLE());
            case 5 ->
                new SetAttributes(
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readIntLE(),
                        in.readIntLE(),
                        in.readIntLE(),
                        in.readIntLE(),
                        in.readLongLE(),
                        FileFields.time(in),
                        FileFields.time(in));
            case 6 -> new ReadLink(in.readLongLE());
            case 7 -> new Symlink(in.readLongLE(), FileFields.bytes(in), FileFields.bytes(in));
            case 8 ->
                new MakeNode(in.readLongLE(), FileFields.bytes(in), in.readIntLE(), in.readIntLE(), in.readIntLE());
            case 9 -> new MakeDirectory(in.readLongLE(), FileFields.bytes(in), in.readIntLE(), in.readIntLE());
            case 10 -> new Unlink(in.readLongLE(), FileFields.bytes(in));
            case 11 -> new RemoveDirectory(in.readLongLE(), FileFields.bytes(in));
            case 12 ->
                new Rename(
                        in.readLongLE(), FileFields.bytes(in), in.readLongLE(), FileFields.bytes(in), in.readIntLE());
            case 13 -> new Link(in.readLongLE(), in.readLongLE(), FileFields.bytes(in));
            case 14 -> new Open(in.readLongLE(), in.readIntLE(), FileFields.flag(in), in.readIntLE());
            case 15 ->
                new Create(
                        in.readLongLE(),
                        FileFields.bytes(in),
                        in.readIntLE(),
                        in.readIntLE(),
                        in.readIntLE(),
                        FileFields.flag(in));
            case 16 -> new TemporaryFile(in.readLongLE(), in.readIntLE(), in.readIntLE(), in.readIntLE());
            case 17 -> new Read(in.readLongLE(), in.readLongLE(), in.readIntLE());
            case 18 ->
                new Write(
                        in.readLongLE(),
                        in.readLongLE(),
                        FileFields.flag(in),
                        in.readRetainedSlice(in.readableBytes()));
            case 19 -> new FileSystemStatus(in.readLongLE());
            case 20 -> new Release(in.readLongLE(), FileFields.flag(in), in.readLongLE());
            case 21 -> new Flush(in.readLongLE(), in.readLongLE());
            case 22 -> new Sync(in.readLongLE(), FileFields.flag(in));
            case 23 -> new SyncFileSystem(in.readLongLE());
            case 24 -> new SetXattr(in.readLongLE(), FileFields.bytes(in), FileFields.bytes(in), in.readIntLE());
            case 25 -> new GetXattr(in.readLongLE(), FileFields.bytes(in));
            case 26 -> new ListXattr(in.readLongLE());
            case 27 -> new RemoveXattr(in.readLongLE(), FileFields.bytes(in));
            case 28 -> new OpenDirectory(in.readLongLE());
            case 29 -> new ReadDirectory(in.readLongLE(), in.readLongLE(), in.readIntLE(), FileFields.flag(in));
            case 30 -> new Access(in.readLongLE(), in.readIntLE());
            case 31 -> new Allocate(in.readLongLE(), in.readIntLE(), in.readLongLE(), in.readLongLE());
            case 32 -> new Seek(in.readLongLE(), in.readLongLE(), in.readIntLE());
            case 33 ->
                new CopyRange(in.readLongLE(), in.readLongLE(), in.readLongLE(), in.readLongLE(), in.readLongLE());
            case 34 -> new TestLock(in.readLongLE(), in.readLongLE(), FileFields.lock(in));
            case 35 ->
                new SetLock(
                        in.readLongLE(),
                        in.readLongLE(),
                        FileFields.lock(in),
                        FileFields.flag(in),
                        FileFields.flag(in));
            case 36 -> new Cancel(in.readLongLE());
            case 37 -> {
                int count = FileFields.count(in, MAX_LISTED, FileFields.REVIVED_NODE_BYTES);
                List<RevivedNode> nodes = new ArrayList<>(count);
                for (int i = 0; i < count; i++) nodes.add(FileFields.revivedNode(in));
                yield new ReviveNodes(nodes);
            }
            case 38 -> new ReviveHandle(in.readLongLE(), in.readLongLE(), in.readIntLE(), FileFields.flag(in));
            case 39 -> new Recalled(in.readLongLE());
            case 40 -> new HashBlocks(in.readLongLE(), in.readIntLE(), in.readIntLE());
            case 41 -> {
                int count = FileFields.count(in, MAX_RELEASED, Long.BYTES);
                List<Long> handles = new ArrayList<>(count);
                for (int i = 0; i < count; i++) handles.add(in.readLongLE());
                yield new ReleaseAll(handles);
            }
            case 42 -> {
                long parent = in.readLongLE();
                int contentBytes = in.readIntLE();
                int count = FileFields.count(in, LookUpAll.MAX_AT_ONCE, 4);
                List<Bytes> names = new ArrayList<>(count);
                for (int i = 0; i < count; i++) names.add(FileFields.bytes(in));
                yield new LookUpAll(parent, names, contentBytes);
            }
            case 43 -> new Remind(in.readLongLE(), in.readLongLE());
            case 44 -> new AllRevived();
            default -> new Unknown(code);
        };
    }
}
