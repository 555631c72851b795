package drover.protocol.file;

/// Home's answer to the call of the same id. Replies come in any order.
public sealed interface FileReply {
    long id();

    record Done(long id, FileResult result) implements FileReply {}

    /// The call was refused or failed.
    ///
    /// @param promised for a name that does not exist: that this stays so until home takes it back
    record Failed(long id, int errno, boolean promised) implements FileReply {
        public Failed {
            if (errno <= 0 || errno > 4095) throw new IllegalArgumentException("an errno is 1 to 4095, got " + errno);
        }

        public Failed(long id, int errno) {
            this(id, errno, false);
        }
    }
}
