package drover.daemon.security;

/// An expected failure; the message says what, why and what to do next, and is all a user needs to see.
public final class SecurityFailure extends Exception {
    private static final long serialVersionUID = 1L;

    public SecurityFailure(String message) {
        super(message);
    }

    public SecurityFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
