package drover.lab.experiments;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Work that can be divided, and whose result can be checked.
public sealed interface Workload permits PovrayScene, RsaKeys {
    String name();

    /// What was chosen, for results and for telling whether a resumed run is the same.
    String settings();

    /// Programs that must be there, and the packages that bring them.
    List<Requirement> requirements();

    List<SubJob> subJobs();

    /// The work undivided, where that is another thing than its pieces.
    Optional<SubJob> whole();

    /// Checks the results a run left in a directory.
    /// @param keep where to leave what is worth looking at
    Verdict verify(Path results, Path keep) throws IOException;

    /// Something that must be on this machine.
    record Requirement(Path path, String debianPackage) {}
}
