package drover.linux.fanotify;

/// What a marked directory, or something in it, has gone through.
public sealed interface FileEvent {
    /// A name came or went, or the content or the attributes of what it leads to are others.
    ///
    /// @param mask FAN_* bits of [drover.linux.syscall.Fanotify]
    /// @param pid of the process that did it, as the reader sees it; 0 if it cannot see it
    /// @param name `.` for the directory itself
    record Changed(int mask, int pid, FileKey directory, byte[] name) implements FileEvent {}

    /// There were more events than the queue holds: some are lost.
    record Overflow() implements FileEvent {}
}
