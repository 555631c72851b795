package drover.linux.syscall;

/// fanotify(7): fanotify_init(2), fanotify_mark(2). Needs root's rights.
public final class Fanotify {
    public static final int FAN_MODIFY = 0x2;
    public static final int FAN_ATTRIB = 0x4;
    public static final int FAN_MOVED_FROM = 0x40;
    public static final int FAN_MOVED_TO = 0x80;
    public static final int FAN_CREATE = 0x100;
    public static final int FAN_DELETE = 0x200;
    public static final int FAN_Q_OVERFLOW = 0x4000;
    public static final int FAN_EVENT_ON_CHILD = 0x0800_0000;
    public static final int FAN_ONDIR = 0x4000_0000;

    public static final int FAN_CLOEXEC = 0x1;
    public static final int FAN_UNLIMITED_MARKS = 0x20;
    public static final int FAN_REPORT_DIR_FID = 0x400;
    public static final int FAN_REPORT_NAME = 0x800;

    public static final int FAN_MARK_ADD = 0x1;
    public static final int FAN_MARK_REMOVE = 0x2;

    private Fanotify() {}

    /// Returns the group's descriptor or the negated errno. Events do not open files, so the flags of such are none.
    public static int init(int flags) {
        return (int) RawSyscall.call(300, flags, Open.O_RDONLY);
    }

    /// Marks the inode that `name` in `directory` leads to. Returns 0 or the negated errno.
    public static int mark(int group, int flags, int mask, int directory, byte[] name) {
        long address = Scratch.own().name(name);
        if (address < 0) return -Errno.ENAMETOOLONG;
        return (int) RawSyscall.call(301, group, flags, Integer.toUnsignedLong(mask), directory, address);
    }
}
