package drover.lab.namespaces;

/// A failure that its reader can act on: the message says what, why and what to do next, in one line or a few.
public final class LabException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public LabException(String message) {
        super(message);
    }

    public LabException(String message, Throwable cause) {
        super(message, cause);
    }
}
