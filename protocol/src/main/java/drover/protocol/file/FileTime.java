package drover.protocol.file;

/// A moment by home's clock.
public record FileTime(long seconds, int nanos) {
    public static final FileTime ZERO = new FileTime(0, 0);
}
