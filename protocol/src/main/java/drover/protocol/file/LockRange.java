package drover.protocol.file;

/// The bytes of a file that a lock is about.
///
/// @param type 0 to read, 1 to write, 2 none (fcntl(2))
/// @param end the last byte of the range; Long.MAX_VALUE is the end of the file, however long it grows
/// @param pid as the guest's node knows it, shown to others who ask
public record LockRange(int type, long start, long end, int pid) {
    public static final int READ = 0;
    public static final int WRITE = 1;
    public static final int NONE = 2;
}
