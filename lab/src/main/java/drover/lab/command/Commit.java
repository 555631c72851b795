package drover.lab.command;

import drover.lab.namespaces.LabException;
import drover.lab.namespaces.Programs;
import java.nio.file.Path;
import java.util.List;

/// Which commit of Drover this is, for results.
final class Commit {
    private Commit() {}

    /// Asks git about the source tree that the installation lies in; "unknown" for one that was installed
    /// elsewhere.
    static String current(Path image) {
        try {
            List<String> command =
                    List.of("git", "-C", image.toString(), "describe", "--always", "--dirty", "--abbrev=12");
            Programs.Outcome outcome = Programs.attempt(command, "", Programs.USUAL_LIMIT);
            return outcome.succeeded() ? outcome.output().strip() : "unknown";
        } catch (LabException e) {
            return "unknown"; // there is no git here
        }
    }
}
