package drover.daemon;

/// The daemon cannot start; the message says what, why and what next, on one line.
final class StartFailure extends Exception {
    private static final long serialVersionUID = 1L;

    StartFailure(String message) {
        super(message);
    }
}
