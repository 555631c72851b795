package drover.daemon.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.doctor.Finding.Verdict;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The doctor, shown machines that lack one thing each.
class MachineChecksIT {
    @TempDir
    Path root;

    @BeforeEach
    void aMachineThatLacksNothing() throws IOException {
        put("dev/fuse", "");
        put("dev/net/tun", "");
        put("usr/sbin/nft", "");
        put("proc/filesystems", "nodev\tproc\nnodev\tfuse\n");
        for (String name : List.of("mnt", "pid", "ipc", "uts", "net", "cgroup")) put("proc/self/ns/" + name, "");
        put("proc/mounts", "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n");
        put("sys/fs/cgroup/cgroup.controllers", "cpuset cpu io memory pids\n");
        put("proc/sys/kernel/seccomp/actions_avail", "kill_process");
        put("proc/sys/vm/unprivileged_userfaultfd", "0");
        put("proc/77/comm", "chronyd\n");
    }

    private void put(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private Finding find(String what) {
        return find(what, "6.12.1-test");
    }

    private Finding find(String what, String release) {
        return new MachineChecks(root, release)
                .all().stream().filter(f -> f.what().equals(what)).findFirst().orElseThrow();
    }

    @Test
    void aWholeMachineIsWell() {
        for (String what : List.of(
                "kernel",
                "fuse",
                "fuse modes",
                "namespaces",
                "cgroups",
                "seccomp",
                "job network",
                "userfaultfd",
                "clock"))
            assertEquals(Verdict.OK, find(what).verdict(), find(what).toString());
        assertEquals("v2 with cpu freezer memory pids", find("cgroups").detail());
    }

    @Test
    void aKernelOfBeforeMountSetattrDoesNotDo() {
        assertEquals(Verdict.MISSING, find("kernel", "5.10.0-30").verdict());
        assertEquals(Verdict.OK, find("kernel", "5.12.0").verdict());
    }

    @Test
    void theModeOfRepeatingFollowsTheKernel() {
        assertTrue(find("fuse modes", "6.8.0").detail().contains("keeper retains"));
        assertTrue(find("fuse modes", "6.9.0").detail().contains("kernel repeats"));
    }

    @Test
    void aMachineWithoutFuseIsToldHowToGetIt() throws IOException {
        Files.delete(root.resolve("dev/fuse"));
        assertEquals(Verdict.MISSING, find("fuse").verdict());
        assertTrue(find("fuse").detail().contains("modprobe fuse"));
    }

    @Test
    void whatJobsInHomesNetworkNeedIsNamed() throws IOException {
        Files.delete(root.resolve("usr/sbin/nft"));
        assertTrue(find("job network").detail().contains("install nftables"));
        Files.delete(root.resolve("dev/net/tun"));
        assertTrue(find("job network").detail().contains("modprobe tun"));
        assertEquals(Verdict.NOTE, find("job network").verdict());
    }

    @Test
    void aMissingKindOfNamespaceIsNamed() throws IOException {
        Files.delete(root.resolve("proc/self/ns/uts"));
        assertEquals(Verdict.MISSING, find("namespaces").verdict());
        assertTrue(find("namespaces").detail().contains("uts"));
    }

    @Test
    void controllersOfBothVersionsCount() throws IOException {
        put("proc/mounts", "a /sys/fs/cgroup/cpu cgroup rw,cpu 0 0\nb /sys/fs/cgroup/memory cgroup rw,memory 0 0\n");
        assertEquals(Verdict.NOTE, find("cgroups").verdict());
        assertEquals(
                "v1 with cpu memory, without pids, freezer: what these limit is not limited",
                find("cgroups").detail());
        put("proc/mounts", "proc /proc proc rw 0 0\n");
        assertEquals(Verdict.NOTE, find("cgroups").verdict());
    }

    @Test
    void aClockThatNothingKeepsIsOnlyNoted() throws IOException {
        put("proc/77/comm", "sh\n");
        assertEquals(Verdict.NOTE, find("clock").verdict());
    }

    @Test
    void aMachineThatIsNoNodeYetIsToldTheNextStepAndIsNotIll() {
        List<Finding> findings = checks("").all();
        assertEquals(Verdict.NOTE, findings.getLast().verdict());
        assertTrue(findings.getLast().detail().contains("drover init"));
    }

    @Test
    void aConfigurationWithAMisspeltKeyIsNamedWithTheKey() throws IOException {
        put("drover.properties", "name=n1\naddress=127.0.0.1\nguestmax=3\n");
        Finding configuration = checks("drover.properties").all().get(1);
        assertEquals(Verdict.MISSING, configuration.verdict());
        assertTrue(configuration.detail().contains("guestmax"), configuration.detail());
    }

    @Test
    void aNodeWithoutItsDaemonIsIllAndSaysSo() throws IOException {
        put("drover.properties", "name=n1\naddress=127.0.0.1\n");
        Finding daemon = checks("drover.properties").all().getLast();
        assertEquals("daemon", daemon.what());
        assertEquals(Verdict.MISSING, daemon.verdict());
        assertTrue(daemon.detail().contains("drover daemon"), daemon.detail());
    }

    private NodeChecks checks(String config) {
        Path file = root.resolve(config.isEmpty() ? "none" : config);
        return new NodeChecks(new Places(file, root.resolve("state"), root.resolve("run")), root, Instant.now());
    }

    @Test
    void whatIsMissingMakesTheExitStatusOneAndANoteDoesNot() {
        var out = new ByteArrayOutputStream();
        var print = new PrintStream(out, true, StandardCharsets.UTF_8);
        List<Finding> noted = List.of(Finding.ok("a", "x"), Finding.note("b", "y"));
        assertEquals(0, DoctorCommand.report(noted, false, print));
        assertEquals(1, DoctorCommand.report(List.of(Finding.missing("c", "z")), true, print));
        assertEquals("""
                ok       a              x
                note     b              y
                [{"what":"c","state":"missing","detail":"z"}]
                """, out.toString(StandardCharsets.UTF_8));
    }
}
