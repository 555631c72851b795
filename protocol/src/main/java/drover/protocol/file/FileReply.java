package drover.protocol.file;

/// Home's answer to the call of the same id. Replies come in any order.
public sealed interface FileReply {
    long id();

    record Done(long id, FileResult result) implements FileReply {}

    record Failed(long id, int errno) implements FileReply {
        public Failed {
            if (errno <= 0 || errno > 4095) throw new IllegalArgumentException("an errno is 1 to 4095, got " + errno);
        }
    }
}
