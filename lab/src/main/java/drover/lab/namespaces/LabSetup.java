package drover.lab.namespaces;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Sets labs up and takes them down. Taking down needs nothing that setting up wrote last: whatever was begun
/// is in the lab's control groups and in its directory, also when the setting up was killed half way.
public final class LabSetup {
    /// Where daemons live for minutes only, as in tests, the better of the virtual machine's compilers never pays.
    private static final String BRIEF_DAEMON = "DROVER_BRIEF_DAEMON";

    private static final String ALL_GROUPS = "drover-lab";
    private static final Duration CREATOR_LIMIT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(20);

    private LabSetup() {}

    static String groupOf(String labName) {
        return ALL_GROUPS + "/" + labName;
    }

    public static List<String> labs() {
        try (Stream<Path> found = Files.list(LabDirectory.ALL_LABS)) {
            return found.filter(Files::isDirectory)
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    public static void requireRoot() {
        try {
            if ((Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0) return;
        } catch (IOException e) {
            throw new LabException("cannot tell who runs this: " + e.getMessage(), e);
        }
        throw new LabException("the lab needs root, because it makes namespaces, mounts and control groups."
                + " Run the same command as root, for example with sudo");
    }

    /// Makes the lab's switch and its directory; nodes are booted one by one afterwards. The caller is
    /// remembered as its creator until [#finished].
    public static Lab begin(LabPlan plan, Installation installation) {
        requireRoot();
        LabDirectory directory = LabDirectory.of(plan.name());
        ControlGroups groups = ControlGroups.ofThisMachine();
        try {
            Files.createDirectories(LabDirectory.ALL_LABS);
            if (!directory.path().toFile().mkdir())
                throw new LabException(
                        "there is a lab '" + plan.name() + "' already; take it down with: drover lab down" + " --name "
                                + plan.name() + ", or choose another --name");
            Files.writeString(directory.creator(), MachineProcess.self().toString());
            for (String part : List.of("switch", "nodes", "disks", "log"))
                Files.createDirectory(directory.path().resolve(part));
            Files.writeString(directory.plan(), plan.toJson().toPrettyString());
            Files.writeString(directory.environment(), environment(installation));
            Files.write(
                    directory.hosts(),
                    Stream.concat(
                                    Stream.of("127.0.0.1 localhost"),
                                    plan.nodeIds().stream().map(node -> plan.addressOf(node) + " " + node))
                            .toList());
            Files.write(
                    directory.bareFiles(),
                    plan.root() == RootKind.BARE ? BareRoot.prepare(directory, installation.jdk()) : List.of());
            Files.createSymbolicLink(directory.exec(), installation.nodeProgram());
            String group = groupOf(plan.name()) + "/switch";
            groups.create(group);
            groups.weigh(groupOf(plan.name()), plan.nodeIds().size());
            groups.weigh(ALL_GROUPS, LabPlan.MAXIMUM_NODES);
            Files.write(
                    directory.switchGroups(),
                    groups.directories(group).stream().map(Path::toString).toList());
        } catch (IOException e) {
            throw new LabException("cannot make " + directory.path() + ": " + e.getMessage(), e);
        }
        Programs.run(List.of(
                installation.nodeProgram().toString(),
                "switch",
                directory.path().toString()));
        Lab lab = new Lab(plan, installation, groups);
        lab.network().makeBridge();
        return lab;
    }

    private static String environment(Installation installation) {
        return String.join(
                "\n",
                "PATH=" + installation.image().resolve("bin")
                        + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "DROVER_JAVA_HOME=" + installation.jdk(),
                "LANG=C.UTF-8",
                System.getenv(BRIEF_DAEMON) == null ? "" : BRIEF_DAEMON + "=yes\n");
    }

    public static void finished(Lab lab) {
        try {
            Files.deleteIfExists(lab.directory().creator());
        } catch (IOException e) {
            throw new LabException("cannot remove " + lab.directory().creator() + ": " + e.getMessage(), e);
        }
    }

    /// Removes everything of the lab. Returns false if there was nothing. One at a time: a shutdown may ask for it
    /// twice.
    public static synchronized boolean takeDown(String labName) {
        requireRoot();
        LabDirectory directory = LabDirectory.of(labName);
        endCreator(directory);
        ControlGroups groups = ControlGroups.ofThisMachine();
        String group = groupOf(labName);
        boolean existed = Files.exists(directory.path())
                || groups.directories(group).stream().anyMatch(Files::exists);
        if (!groups.kill(group, Lab.DEATH_LIMIT))
            throw new LabException("processes of lab " + labName + " do not die: " + groups.processes(group)
                    + "; they hang in the kernel, see /proc/PID/stack; then try again");
        if (!groups.killAndRemove(group, Lab.DEATH_LIMIT))
            throw new LabException("the control groups of lab " + labName + " are still in use; try again in a moment");
        groups.removeIfUnused(ALL_GROUPS);
        try {
            deleteTree(directory.path());
            Files.deleteIfExists(LabDirectory.ALL_LABS);
        } catch (java.nio.file.DirectoryNotEmptyException e) {
            return existed; // other labs are there
        } catch (IOException e) {
            throw new LabException("cannot remove " + directory.path() + ": " + e.getMessage(), e);
        }
        return existed;
    }

    /// If the lab is being set up by another process, that one ends first: it would go on making what is
    /// removed here.
    private static void endCreator(LabDirectory directory) {
        Optional<MachineProcess> creator =
                MachineProcess.read(directory.creator()).filter(it -> !it.equals(MachineProcess.self()));
        if (creator.isEmpty() || !creator.get().isAlive()) return;
        creator.get().end(false);
        long deadline = System.nanoTime() + CREATOR_LIMIT.toNanos();
        while (creator.get().isAlive() && System.nanoTime() - deadline < 0) {
            try {
                Thread.sleep(POLL);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
        creator.get().end(true);
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) return;
        try (Stream<Path> below = Files.walk(directory)) {
            for (Path each : below.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
        }
    }

    /// Runs an action while no other command changes the lab.
    public static void exclusively(String labName, Runnable action) {
        Path lock = LabDirectory.of(labName).lock();
        try (FileChannel channel = FileChannel.open(lock, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = channel.lock()) {
            if (held.isValid()) action.run();
        } catch (NoSuchFileException e) {
            Lab.open(labName); // says that there is none
        } catch (IOException e) {
            throw new LabException("cannot lock " + lock + ": " + e.getMessage(), e);
        }
    }
}
