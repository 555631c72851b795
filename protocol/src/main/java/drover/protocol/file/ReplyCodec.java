package drover.protocol.file;

import drover.protocol.file.FileResult.*;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import java.util.ArrayList;
import java.util.List;

/// Replies as frames, and frames as replies. Stateless; any thread.
public final class ReplyCodec {
    private static final int HEADER_BYTES = 1 + 8 + 4;
    /// Where the lease is beside the errno.
    private static final int LEASE_SHIFT = 16;

    private static final int IN_DIRECTORY = 15;
    private static final int MAX_LISTED = 1 << 16;
    private static final int FOUND_BYTES = 4 + 1 + 1 + 1;
    private static final int HELD_BYTES = 8 + 8 + 4 + 1 + FileFields.CALLER_BYTES;
    private static final int HELD_LOCK_BYTES = 3 * 8 + 4 + 8 + 8 + 4 + 1;
    private static final int LISTED_BYTES = 4 + 8 + 8 + 1 + 1;

    private ReplyCodec() {}

    public static ByteBuf encode(FileReply reply, ByteBufAllocator allocator) {
        return switch (reply) {
            case FileReply.Failed(long id, int errno, Lease lease) ->
                header(allocator, HEADER_BYTES, id, errno | lease.code() << LEASE_SHIFT);
            case FileReply.Done(long id, FileResult result) -> {
                ByteBuf out = header(allocator, HEADER_BYTES + 256, id, 0);
                encode(result, out);
                yield out;
            }
        };
    }

    /// A [Data] reply's frame up to the data, which the caller appends: read straight from the file into the
    /// frame.
    public static ByteBuf beginData(long id, int maxBytes, ByteBufAllocator allocator) {
        return code(header(allocator, HEADER_BYTES + 2 + maxBytes, id, 0), 7);
    }

    private static ByteBuf header(ByteBufAllocator allocator, int room, long id, int errno) {
        ByteBuf out = allocator.directBuffer(room);
        return out.writeByte(FileFields.REPLY).writeLongLE(id).writeIntLE(errno);
    }

    private static void encode(FileResult result, ByteBuf out) {
        switch (result) {
            case Ok() -> code(out, 1);
            case Welcome(int version, long boot, long rootNumber) ->
                code(out, 2).writeIntLE(version).writeLongLE(boot).writeLongLE(rootNumber);
            case Entry entry -> putEntry(code(out, 3), entry);
            case Attributes attributes -> putAttributes(code(out, 4), attributes);
            case Content(Bytes bytes) -> FileFields.putBytes(code(out, 5), bytes);
            case Opened(long handle, FileAttributes attributes, ByteBuf prefetched, boolean toAll, boolean flushes) -> {
                code(out, 6).writeLongLE(handle).writeBoolean(toAll).writeBoolean(flushes);
                FileFields.putAttributes(out, attributes);
                out.writeIntLE(prefetched.readableBytes());
                out.writeBytes(prefetched, prefetched.readerIndex(), prefetched.readableBytes());
            }
            case Data(ByteBuf data) -> code(out, 7).writeBytes(data, data.readerIndex(), data.readableBytes());
            case Created(Entry entry, long handle, boolean flushes) -> {
                code(out, 8).writeLongLE(handle).writeBoolean(flushes);
                putEntry(out, entry);
            }
            case Written(int bytes, FileAttributes before, FileAttributes after) -> {
                FileFields.putAttributes(code(out, 9).writeIntLE(bytes), before);
                FileFields.putAttributes(out, after);
            }
            case FileSystem f -> {
                code(out, 10)
                        .writeLongLE(f.blockBytes())
                        .writeLongLE(f.fragmentBytes())
                        .writeLongLE(f.blocks());
                out.writeLongLE(f.freeBlocks()).writeLongLE(f.availableBlocks()).writeLongLE(f.files());
                out.writeLongLE(f.freeFiles()).writeIntLE(f.nameBytes());
            }
            case Listing(List<Listed> entries) -> {
                code(out, 11).writeIntLE(entries.size());
                for (Listed listed : entries) {
                    FileFields.putBytes(out, listed.name());
                    out.writeLongLE(listed.number())
                            .writeLongLE(listed.offset())
                            .writeByte(listed.type());
                    out.writeBoolean(listed.entry() != null);
                    if (listed.entry() != null) putEntry(out, listed.entry());
                }
            }
            case Lock(LockRange range) -> FileFields.putLock(code(out, 12), range);
            case Position(long value) -> code(out, 13).writeLongLE(value);
            case Hashes(List<ContentHash> hashes) -> {
                code(out, 14).writeIntLE(hashes.size());
                for (ContentHash hash : hashes) hash.put(out);
            }
            case FoundAll(List<Found> names) -> {
                code(out, 16).writeIntLE(names.size());
                for (Found found : names) {
                    FileFields.putBytes(out, found.name());
                    out.writeByte(found.absence().code()).writeBoolean(found.entry() != null);
                    if (found.entry() != null) putEntry(out, found.entry());
                    out.writeBoolean(found.content() != null);
                    if (found.content() != null) FileFields.putBytes(out, found.content());
                }
            }
            case Reminder(List<Told> nodes, List<Held> held, List<HeldLock> locks) -> {
                code(out, 17).writeIntLE(nodes.size());
                for (Told told : nodes) {
                    FileFields.putRevivedNode(out, told.node());
                    out.writeBoolean(told.directory());
                }
                out.writeIntLE(held.size());
                for (Held each : held) {
                    out.writeLongLE(each.handle()).writeLongLE(each.node()).writeIntLE(each.flags());
                    FileFields.putCaller(out.writeBoolean(each.directory()), each.opener());
                }
                out.writeIntLE(locks.size());
                for (HeldLock each : locks) {
                    FileOperation.SetLock lock = each.lock();
                    out.writeLongLE(each.node()).writeLongLE(lock.handle()).writeLongLE(lock.owner());
                    FileFields.putLock(out, lock.range());
                    out.writeBoolean(lock.flock());
                }
            }
            case InDirectory(FileResult inner, Attributes directory) -> {
                putAttributes(code(out, IN_DIRECTORY), directory);
                encode(inner, out);
            }
        }
    }

    private static ByteBuf code(ByteBuf out, int code) {
        return out.writeShortLE(code);
    }

    private static void putEntry(ByteBuf out, Entry entry) {
        out.writeLongLE(entry.node())
                .writeByte(entry.nameLease().code())
                .writeByte(entry.attributesLease().code())
                .writeBoolean(entry.noAcl());
        FileFields.putAttributes(out, entry.attributes());
    }

    private static Found found(ByteBuf in) throws MalformedFileFrame {
        Bytes name = FileFields.bytes(in);
        Lease absence = Lease.ofCode(in.readByte());
        Entry entry = FileFields.flag(in) ? entry(in) : null;
        return new Found(name, entry, absence, FileFields.flag(in) ? FileFields.bytes(in) : null);
    }

    private static Entry entry(ByteBuf in) throws MalformedFileFrame {
        long node = in.readLongLE();
        Lease name = Lease.ofCode(in.readByte());
        Lease attributes = Lease.ofCode(in.readByte());
        boolean noAcl = FileFields.flag(in);
        return new Entry(node, FileFields.attributes(in), name, attributes, noAcl);
    }

    private static void putAttributes(ByteBuf out, Attributes a) {
        FileFields.putAttributes(out.writeByte(a.lease().code()).writeBoolean(a.noAcl()), a.attributes());
    }

    private static Attributes attributes(ByteBuf in) throws MalformedFileFrame {
        Lease lease = Lease.ofCode(in.readByte());
        boolean noAcl = FileFields.flag(in);
        return new Attributes(FileFields.attributes(in), lease, noAcl);
    }

    /// The reply in a frame. Data in it is a retained slice of the frame.
    public static FileReply decode(ByteBuf frame) throws MalformedFileFrame {
        if (frame.readableBytes() > FileFields.MAX_FRAME_BYTES)
            throw new MalformedFileFrame("a frame of " + frame.readableBytes() + " bytes");
        if (frame.readableBytes() < HEADER_BYTES || frame.getByte(frame.readerIndex()) != FileFields.REPLY)
            throw new MalformedFileFrame("no reply: " + frame.readableBytes() + " bytes");
        ByteBuf in = frame.duplicate().skipBytes(1);
        long id = in.readLongLE();
        int code = in.readIntLE();
        int errno = code & (1 << LEASE_SHIFT) - 1;
        if (errno < 0 || errno > 4095) throw new MalformedFileFrame("errno " + errno);
        if (errno != 0) return new FileReply.Failed(id, errno, Lease.ofCode(code >>> LEASE_SHIFT));
        try {
            return new FileReply.Done(id, result(in.readUnsignedShortLE(), in));
        } catch (IndexOutOfBoundsException e) {
            throw new MalformedFileFrame("the reply to call " + id + " is cut off");
        }
    }

    private static List<Held> held(ByteBuf in) throws MalformedFileFrame {
        int count = FileFields.count(in, Reminder.MAX_AT_ONCE, HELD_BYTES);
        List<Held> held = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long handle = in.readLongLE();
            long node = in.readLongLE();
            int flags = in.readIntLE();
            boolean directory = FileFields.flag(in);
            held.add(new Held(handle, FileFields.caller(in), node, flags, directory));
        }
        return held;
    }

    private static List<HeldLock> locks(ByteBuf in) throws MalformedFileFrame {
        int count = FileFields.count(in, Reminder.MAX_LOCKS, HELD_LOCK_BYTES);
        List<HeldLock> locks = new ArrayList<>(count);
        for (int i = 0; i < count; i++)
            locks.add(new HeldLock(
                    in.readLongLE(),
                    new FileOperation.SetLock(
                            in.readLongLE(), in.readLongLE(), FileFields.lock(in), FileFields.flag(in), false)));
        return locks;
    }

    private static FileResult result(int code, ByteBuf in) throws MalformedFileFrame {
        return switch (code) {
            case 1 -> new Ok();
            case 2 -> new Welcome(in.readIntLE(), in.readLongLE(), in.readLongLE());
            case 3 -> entry(in);
            case 4 -> attributes(in);
            case 5 -> new Content(FileFields.bytes(in));
            case 6 -> {
                long handle = in.readLongLE();
                boolean toAll = FileFields.flag(in);
                boolean flushes = FileFields.flag(in);
                FileAttributes attributes = FileFields.attributes(in);
                ByteBuf prefetched = in.readRetainedSlice(FileFields.count(in, 1 << 20, 1));
                yield new Opened(handle, attributes, prefetched, toAll, flushes);
            }
            case 7 -> new Data(in.readRetainedSlice(in.readableBytes()));
            case 8 -> {
                long handle = in.readLongLE();
                boolean flushes = FileFields.flag(in);
                yield new Created(entry(in), handle, flushes);
            }
            case 9 -> new Written(in.readIntLE(), FileFields.attributes(in), FileFields.attributes(in));
            case 10 ->
                new FileSystem(
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readLongLE(),
                        in.readIntLE());
            case 11 -> {
                int count = FileFields.count(in, MAX_LISTED, LISTED_BYTES);
                List<Listed> entries = new ArrayList<>(count);
                for (int i = 0; i < count; i++) {
                    Bytes name = FileFields.bytes(in);
                    long number = in.readLongLE();
                    long offset = in.readLongLE();
                    int type = in.readUnsignedByte();
                    entries.add(new Listed(name, number, offset, type, FileFields.flag(in) ? entry(in) : null));
                }
                yield new Listing(entries);
            }
            case 12 -> new Lock(FileFields.lock(in));
            case 13 -> new Position(in.readLongLE());
            case 14 -> {
                int count = FileFields.count(in, ContentHash.MAX_AT_ONCE, ContentHash.BYTES);
                List<ContentHash> hashes = new ArrayList<>(count);
                for (int i = 0; i < count; i++) hashes.add(ContentHash.get(in));
                yield new Hashes(hashes);
            }
            case IN_DIRECTORY -> {
                Attributes directory = attributes(in);
                int inner = in.readUnsignedShortLE();
                if (inner == IN_DIRECTORY) throw new MalformedFileFrame("a result in two directories");
                yield new InDirectory(result(inner, in), directory);
            }
            case 16 -> {
                int count = FileFields.count(in, FileOperation.LookUpAll.MAX_AT_ONCE, FOUND_BYTES);
                List<Found> names = new ArrayList<>(count);
                for (int i = 0; i < count; i++) names.add(found(in));
                yield new FoundAll(names);
            }
            case 17 -> {
                int count = FileFields.count(in, Reminder.MAX_AT_ONCE, FileFields.REVIVED_NODE_BYTES + 1);
                List<Told> nodes = new ArrayList<>(count);
                for (int i = 0; i < count; i++) nodes.add(new Told(FileFields.revivedNode(in), FileFields.flag(in)));
                yield new Reminder(nodes, held(in), locks(in));
            }
            default -> throw new MalformedFileFrame("a result of the unknown kind " + code);
        };
    }
}
