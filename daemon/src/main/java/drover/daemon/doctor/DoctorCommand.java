package drover.daemon.doctor;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import drover.daemon.config.DaemonConfig.Places;
import drover.model.Printable;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `drover doctor`: checks this machine. Exit status 1 if something is missing without which drover does not work.
@Command(name = "doctor", description = "Check this machine, and say what to do.", mixinStandardHelpOptions = true)
public final class DoctorCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DETAIL_MAX_CHARS = 400;

    @Option(names = "--json", description = "One array of objects: what, state (ok, note, missing), detail.")
    private boolean json;

    @Override
    public Integer call() {
        List<Finding> findings = new ArrayList<>();
        findings.addAll(new MachineChecks(Path.of("/"), System.getProperty("os.version")).all());
        findings.add(CriuCheck.look(System.getenv(), MachineChecks.isRoot(), libexec()));
        findings.addAll(new NodeChecks(Places.fromEnvironment(System.getenv()), libexec(), Instant.now()).all());
        return report(findings, json, System.out);
    }

    static int report(List<Finding> findings, boolean json, PrintStream out) {
        if (json) out.println(array(findings));
        else for (Finding f : findings) out.println(line(f));
        return findings.stream().anyMatch(f -> f.verdict() == Finding.Verdict.MISSING) ? 1 : 0;
    }

    private static String line(Finding f) {
        return "%-8s %-14s %s".formatted(f.verdict().word(), f.what(), Printable.line(f.detail(), DETAIL_MAX_CHARS));
    }

    private static String array(List<Finding> findings) {
        ArrayNode list = JSON.createArrayNode();
        for (Finding f : findings)
            list.addObject()
                    .put("what", f.what())
                    .put("state", f.verdict().word())
                    .put("detail", f.detail());
        return list.toString();
    }

    private static Path libexec() {
        String home = System.getProperty("drover.home", "/usr/local/lib/drover");
        return Optional.ofNullable(System.getenv("DROVER_LIBEXEC"))
                .map(Path::of)
                .orElse(Path.of(home).resolve("libexec"));
    }
}
