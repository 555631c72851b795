package drover.daemon.deputy;

import drover.model.Credentials;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Who is at the other end of a local connection, as the kernel says, not as the peer says.
///
/// @param startTicks when the process started, in clock ticks since boot: with the pid it names one process for
///     ever
public record Peer(int pid, long startTicks, Credentials credentials) {

    /// Start time of a living process; empty if there is none, or if it is only a zombie.
    public static Optional<Long> startTicksOf(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            List<String> fields =
                    List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" "));
            String state = fields.get(0);
            return state.equals("Z") || state.equals("X")
                    ? Optional.empty()
                    : Optional.of(Long.parseLong(fields.get(19)));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /// Whether that very process is still alive.
    public static boolean isAlive(int pid, long startTicks) {
        return startTicksOf(pid).filter(ticks -> ticks == startTicks).isPresent();
    }
}
