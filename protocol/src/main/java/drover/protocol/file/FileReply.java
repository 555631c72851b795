package drover.protocol.file;

/// Home's answer to the call of the same id. Replies come in any order.
public sealed interface FileReply {
    long id();

    record Done(long id, FileResult result) implements FileReply {}

    /// The call was refused or failed.
    ///
    /// @param lease on there being no such name, if that is what is wrong
    record Failed(long id, int errno, Lease lease) implements FileReply {
        public Failed {
            if (errno <= 0 || errno > 4095) throw new IllegalArgumentException("an errno is 1 to 4095, got " + errno);
        }

        public Failed(long id, int errno) {
            this(id, errno, Lease.NONE);
        }
    }
}
