package drover.lab.namespaces;

import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;

/// Where the parts of Drover are that the lab shows its nodes.
/// @param image installed layout: bin, libexec, lib
/// @param nodeProgram drover-lab-node
/// @param jdk the JDK that runs this, and the nodes' daemons
public record Installation(Path image, Path nodeProgram, Path jdk) {
    private static final String PROGRAM = "drover-lab-node";

    /// Finds it beside this class's jar, or, from a source tree, in the build's output.
    public static Installation find() {
        Path jdk = Path.of(System.getProperty("java.home"));
        String given = System.getenv("DROVER_IMAGE");
        if (given != null) return of(Path.of(given).toAbsolutePath(), jdk);
        Path here = codeLocation();
        Path image = here.getParent().getParent();
        if (Files.isExecutable(image.resolve("libexec").resolve(PROGRAM))) return of(image, jdk);
        for (Path at = here; at != null; at = at.getParent()) {
            Path built = at.resolve("native/target").resolve(PROGRAM);
            if (Files.isExecutable(built)) {
                Path inTree = at.resolve("dist/target/image");
                return new Installation(Files.isDirectory(inTree) ? inTree : at.resolve("native/target"), built, jdk);
            }
        }
        throw new LabException("cannot find " + PROGRAM + " for " + here
                + ": this installation of Drover is incomplete; build it again (in a source tree: make -C native)");
    }

    private static Installation of(Path image, Path jdk) {
        Path program = image.resolve("libexec").resolve(PROGRAM);
        if (!Files.isExecutable(program))
            throw new LabException(
                    "cannot find " + program + ": this installation of Drover is incomplete; build it again");
        return new Installation(image, program, jdk);
    }

    private static Path codeLocation() {
        CodeSource source = Installation.class.getProtectionDomain().getCodeSource();
        try {
            return Path.of(source.getLocation().toURI()).toAbsolutePath();
        } catch (URISyntaxException e) {
            throw new LabException("cannot tell where Drover is installed: " + e.getMessage(), e);
        }
    }
}
