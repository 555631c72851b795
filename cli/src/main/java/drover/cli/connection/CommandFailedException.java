package drover.cli.connection;

/// A command could not do its work. The message says what, why and what next; the status is the process's exit
/// status.
public final class CommandFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final int exitStatus;

    public CommandFailedException(String message, int exitStatus) {
        super(message);
        this.exitStatus = exitStatus;
    }

    public CommandFailedException(String message, int exitStatus, Throwable cause) {
        super(message, cause);
        this.exitStatus = exitStatus;
    }

    public int exitStatus() {
        return exitStatus;
    }
}
