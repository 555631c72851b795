package drover.daemon;

import drover.daemon.security.SecurityFailure;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// One line for the user about what a command or the daemon failed of: what, why and what next.
final class FailureWords {
    private static final String DISK_FULL = "No space left on device";

    private FailureWords() {}

    /// The line.
    ///
    /// @param state the node's state directory: what fails without naming a file failed there
    static String of(Throwable thrown, Path state) {
        return switch (thrown) {
            case SecurityFailure failure -> said(failure);
            case AccessDeniedException denied ->
                denied.getFile() + " may not be read or written; run the command as root";
            case NoSuchFileException missing -> missing.getFile() + " does not exist";
            case FileSystemException file when DISK_FULL.equals(file.getReason()) -> noRoom(file.getFile());
            case FileSystemException file ->
                "cannot use " + file.getFile() + ": " + file.getReason()
                        + "; put that right, or name another place (DROVER_CONFIG, DROVER_STATE_DIR, DROVER_RUN_DIR)";
            case IOException failure when DISK_FULL.equals(failure.getMessage()) -> noRoom(state.toString());
            case IOException failure -> withReason(failure);
            // A file of ours is mapped, and the disk has no room for the page that was written.
            case InternalError _ -> noRoom(state.toString());
            default -> withReason(thrown);
        };
    }

    private static String noRoom(String where) {
        return "no space is left on the disk of " + where + "; make room there, then try again";
    }

    /// What an exception says, and, if it does not say so itself, the file and the reason that caused it.
    private static String withReason(Throwable thrown) {
        String reason = thrown.getCause() instanceof FileSystemException cause ? String.valueOf(cause.getReason()) : "";
        return reason.isEmpty() || said(thrown).contains(reason) ? said(thrown) : said(thrown) + ": " + reason;
    }

    private static String said(Throwable thrown) {
        return thrown.getMessage() == null ? thrown.getClass().getSimpleName() : thrown.getMessage();
    }
}
