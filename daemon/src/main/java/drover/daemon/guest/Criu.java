package drover.daemon.guest;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The CRIU of this node, with what Drover gives it.
///
/// @param shim `drover-criu.so`, which it preloads
/// @param gate `drover-criu-gate`, the action script by which it waits for the keeper
record Criu(Path program, Path shim, Path gate) {
    private static final List<String> PLACES =
            List.of("/usr/local/lib/drover/criu/bin/criu", "/usr/sbin/criu", "/usr/bin/criu", "/usr/local/sbin/criu");

    /// Empty if none is installed. Whether it works here, `drover doctor` tries.
    ///
    /// @param libexec where Drover's own programs are
    static Optional<Criu> find(Path libexec) {
        List<String> places = new ArrayList<>(PLACES);
        Optional.ofNullable(System.getenv("DROVER_CRIU")).ifPresent(places::addFirst);
        return places.stream()
                .map(Path::of)
                .filter(Files::isExecutable)
                .findFirst()
                .map(program ->
                        new Criu(program, libexec.resolve("drover-criu.so"), libexec.resolve("drover-criu-gate")));
    }
}
