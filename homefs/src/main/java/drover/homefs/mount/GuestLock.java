package drover.homefs.mount;

import drover.protocol.file.LockRange;

/// A lock that a guest holds on a file of its home, and by which of its descriptors a copy of it can take it again.
///
/// @param pid the process, as this node knows it
/// @param range of a lock of flock(2) only the type counts
public record GuestLock(Kind kind, int pid, int descriptor, LockRange range) {
    /// Whose it is.
    public enum Kind {
        /// The process's (fcntl(2), F_SETLK).
        PROCESS,
        /// The open file's (flock(2)).
        FLOCK,
        /// The open file's (fcntl(2), F_OFD_SETLK).
        OPEN_FILE
    }
}
