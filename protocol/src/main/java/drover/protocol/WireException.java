package drover.protocol;

/// A peer sent bytes that are no message: too short, too long, or out of range. Closes that connection, nothing
/// else.
public final class WireException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }
}
