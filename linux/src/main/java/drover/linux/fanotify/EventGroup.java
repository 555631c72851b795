package drover.linux.fanotify;

import drover.linux.syscall.Close;
import drover.linux.syscall.Errno;
import drover.linux.syscall.Fanotify;
import drover.linux.syscall.FileHandle;
import drover.linux.syscall.Read;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// A group of fanotify(7): marks on directories, and the queue of what happens in them, in the order in which it
/// happened. Thread rule: one thread reads; any platform thread may mark.
public final class EventGroup implements AutoCloseable {
    private static final int CHANGES = Fanotify.FAN_MODIFY
            | Fanotify.FAN_ATTRIB
            | Fanotify.FAN_MOVED_FROM
            | Fanotify.FAN_MOVED_TO
            | Fanotify.FAN_CREATE
            | Fanotify.FAN_DELETE
            | Fanotify.FAN_ONDIR
            | Fanotify.FAN_EVENT_ON_CHILD;

    /// `struct fanotify_event_metadata`.
    private static final int METADATA_BYTES = 24;
    /// FAN_EVENT_INFO_TYPE_DFID_NAME: a directory's key and a name in it.
    private static final int INFO_NAMED = 2;
    /// Of its `struct fanotify_event_info_fid`, up to and with the handle's own header.
    private static final int INFO_BYTES = 20;

    private static final int BUFFER_BYTES = 64 << 10;

    private final int descriptor;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.nativeOrder());

    private EventGroup(int descriptor) {
        this.descriptor = descriptor;
    }

    /// What came of opening a group.
    public sealed interface Opening {
        record Opened(EventGroup group) implements Opening {}

        /// The kernel has no fanotify(7) that names files (before 5.17), or this is not root.
        record Refused(int errno) implements Opening {}
    }

    public static Opening open() {
        int descriptor = Fanotify.init(Fanotify.FAN_CLOEXEC
                | Fanotify.FAN_UNLIMITED_MARKS
                | Fanotify.FAN_REPORT_DIR_FID
                | Fanotify.FAN_REPORT_NAME);
        return descriptor < 0 ? new Opening.Refused(-descriptor) : new Opening.Opened(new EventGroup(descriptor));
    }

    /// Marks the directory that `name` in `directory` leads to, and with it all its entries. Returns 0 or the negated
    /// errno.
    public int mark(int directory, byte[] name) {
        return Fanotify.mark(descriptor, Fanotify.FAN_MARK_ADD, CHANGES, directory, name);
    }

    /// Takes a mark back. Returns 0 or the negated errno: ENOENT if there is none (any more).
    public int unmark(int directory, byte[] name) {
        return Fanotify.mark(descriptor, Fanotify.FAN_MARK_REMOVE, CHANGES, directory, name);
    }

    /// Waits for events. Empty if the group is closed or broken.
    public List<FileEvent> read() {
        while (true) {
            int got = Read.read(descriptor, buffer.clear());
            if (got == -Errno.EINTR || got == -Errno.EAGAIN) continue;
            return got <= 0 ? List.of() : parse(buffer.limit(got));
        }
    }

    static List<FileEvent> parse(ByteBuffer b) {
        List<FileEvent> events = new ArrayList<>();
        for (int at = 0; at + METADATA_BYTES <= b.limit(); ) {
            int length = b.getInt(at);
            if (length < METADATA_BYTES) break;
            FileEvent event = event(b, at, at + length);
            if (event != null) events.add(event);
            at += length;
        }
        return events;
    }

    /// Null for an event that names no directory: none that was asked for.
    private static FileEvent event(ByteBuffer b, int at, int end) {
        int mask = (int) b.getLong(at + 8);
        int pid = b.getInt(at + 20);
        if ((mask & Fanotify.FAN_Q_OVERFLOW) != 0) return new FileEvent.Overflow();
        for (int info = at + Short.toUnsignedInt(b.getShort(at + 6)); info + INFO_BYTES <= end; ) {
            int length = Short.toUnsignedInt(b.getShort(info + 2));
            if (length < INFO_BYTES) return null;
            if (b.get(info) == INFO_NAMED) {
                byte[] structure = new byte[8 + b.getInt(info + 12)];
                b.get(info + 12, structure);
                FileKey directory = new FileKey(b.getLong(info + 4), FileHandle.ofStructure(structure));
                return new FileEvent.Changed(mask, pid, directory, name(b, info + 12 + structure.length));
            }
            info += length;
        }
        return null;
    }

    private static byte[] name(ByteBuffer b, int at) {
        int end = at;
        while (b.get(end) != 0) end++;
        byte[] name = new byte[end - at];
        b.get(at, name);
        return name;
    }

    @Override
    public void close() {
        Close.close(descriptor);
    }
}
