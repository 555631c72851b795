package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// Looks for what a lab may have left on the machine.
final class Traces {
    private Traces() {}

    static boolean isRoot() {
        return System.getProperty("user.name").equals("root");
    }

    static void assumeRoot() {
        if (!isRoot()) System.out.println("SKIPPED: a lab needs root, and this is " + System.getProperty("user.name"));
        Assumptions.assumeTrue(isRoot(), "a lab needs root");
    }

    static void assertNone(String labName) throws IOException {
        assertEquals(List.of(), of(labName));
    }

    private static List<String> of(String labName) throws IOException {
        List<String> found = new ArrayList<>();
        String directory = LabDirectory.of(labName).path().toString();
        if (Files.exists(Path.of(directory))) found.add(directory);
        for (Path group : ControlGroups.ofThisMachine().directories(LabSetup.groupOf(labName)))
            if (Files.exists(group)) found.add(group.toString());
        for (String mount : Files.readAllLines(Path.of("/proc/self/mountinfo")))
            if ((mount + "/").contains(directory + "/")) found.add("mount: " + mount);
        try (Stream<ProcessHandle> processes = ProcessHandle.allProcesses()) {
            processes
                    .filter(process -> process.pid() != ProcessHandle.current().pid())
                    .forEach(process -> look(process, directory, found));
        }
        return found;
    }

    /// A process of the lab shows by its command line, or by the root it has: a namespace lives only while somebody
    /// holds it.
    private static void look(ProcessHandle process, String directory, List<String> found) {
        Path proc = Path.of("/proc/" + process.pid());
        try {
            String command = Files.readString(proc.resolve("cmdline")).replace('\0', ' ');
            String mounts = Files.readString(proc.resolve("mounts"));
            if ((command + " ").contains(directory + " ") || mounts.contains(directory + "/"))
                found.add("process " + process.pid() + ": " + command);
        } catch (IOException e) {
            return; // it has ended
        }
    }
}
