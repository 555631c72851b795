package drover.daemon.doctor;

import drover.daemon.doctor.CriuProgram.Said;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Whether there is a CRIU that works on this kernel. Jobs run without one.
final class CriuCheck {
    private static final List<String> PLACES =
            List.of("/usr/local/lib/drover/criu/bin/criu", "/usr/sbin/criu", "/usr/bin/criu", "/usr/local/sbin/criu");
    private static final Pattern VERSION = Pattern.compile("Version:\\s*((\\d+)\\.(\\d+)\\S*)");
    private static final String SHIM = "drover-criu.so";
    private static final String WITHOUT = "; jobs run without it, moving a running job needs it";

    private CriuCheck() {}

    /// @param libexec where Drover's own programs are
    static Finding look(Map<String, String> environment, boolean isRoot, Path libexec) {
        List<String> places = new ArrayList<>(PLACES);
        Optional.ofNullable(environment.get("DROVER_CRIU")).ifPresent(places::addFirst);
        Optional<String> path = places.stream()
                .filter(place -> Files.isExecutable(Path.of(place)))
                .findFirst();
        if (path.isEmpty()) return Finding.note("criu", "none is installed" + WITHOUT + "; as root: setup/criu");
        var criu = new CriuProgram(path.get(), libexec.resolve(SHIM));
        Matcher version = VERSION.matcher(criu.run("--version").text());
        if (!version.find()) return Finding.note("criu", criu.path() + " does not say its version" + WITHOUT);
        String found = criu.path() + " " + version.group(1);
        int number = Integer.parseInt(version.group(2)) * 1000 + Integer.parseInt(version.group(3));
        if (number < 4001)
            return Finding.note("criu", found + " is older than 4.1" + WITHOUT + "; as root: setup/criu");
        return isRoot ? tried(criu, found) : Finding.note("criu", found + "; only root can try it");
    }

    private static Finding tried(CriuProgram criu, String found) {
        Said check = criu.run("check");
        if (!check.succeeded())
            return Finding.note("criu", found + ", its own check fails" + WITHOUT + ": " + check.lastLine());
        String without = Files.exists(criu.shim()) ? "" : " (without " + criu.shim() + ", which is not there)";
        return CriuTrial.whyItFails(criu)
                .map(why -> Finding.note("criu", found + without + WITHOUT + ": " + why))
                .orElseGet(() -> Finding.ok("criu", found + without + " checks, dumps and restores on this kernel"));
    }
}
