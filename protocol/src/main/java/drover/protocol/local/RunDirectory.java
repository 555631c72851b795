package drover.protocol.local;

import java.nio.file.Path;
import java.util.Map;

/// Where a node's sockets and mounts are: `/run/drover`, or what `DROVER_RUN_DIR` says (labs and tests run many
/// nodes).
public record RunDirectory(Path path) {
    public RunDirectory {
        if (!path.isAbsolute()) throw new IllegalArgumentException("the run directory must be absolute, got " + path);
    }

    public static RunDirectory of(Map<String, String> environment) {
        String set = environment.getOrDefault("DROVER_RUN_DIR", "");
        return new RunDirectory(Path.of(set.isEmpty() ? "/run/drover" : set));
    }

    /// Commands and deputies connect here; everyone may.
    public Path daemonSocket() {
        return path.resolve("drover.sock");
    }

    /// The keeper listens here; root only.
    public Path keeperSocket() {
        return path.resolve("keeper.sock");
    }

    /// Locked as long as a daemon lives.
    public Path daemonLock() {
        return path.resolve("daemon.lock");
    }
}
