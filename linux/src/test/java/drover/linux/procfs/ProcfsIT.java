package drover.linux.procfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcfsIT {
    private static final Path PROC = Path.of("/proc");

    @TempDir
    Path dir;

    @Test
    void theMachinesMemoryAndCoresAreSeen() throws IOException {
        LoadSample sample = new LoadSampler(PROC, GuestCgroup::none).sample(true);
        assertEquals(Runtime.getRuntime().availableProcessors(), sample.cpus());
        assertTrue(sample.memoryTotalBytes() > sample.memoryFreeBytes(), sample.toString());
        assertTrue(sample.memoryFreeBytes() > 0, sample.toString());
        assertTrue(sample.cpuPressure() >= -1 && sample.cpuPressure() <= 1, sample.toString());
    }

    @Test
    void busyProcessesOfTheMachineAreCounted() throws Exception {
        List<Process> busy = new ArrayList<>();
        try {
            for (int i = 0; i < 4; i++) busy.add(new ProcessBuilder("sh", "-c", "while :; do :; done").start());
            double most = 0;
            LoadSampler sampler = new LoadSampler(PROC, GuestCgroup::none);
            for (int i = 0; i < 20 && most < 3.5; i++) {
                Thread.sleep(50);
                most = Math.max(most, sampler.sample(true).guestTasks());
            }
            assertTrue(most >= 3.5, "4 busy processes, but at most " + most + " runnable tasks seen");
        } finally {
            busy.forEach(Process::destroyForcibly);
        }
    }

    /// Waits until the process runs its program, and is in that state.
    private static void awaitState(Process process, char state) throws Exception {
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (true) {
            // pid (program) state ...
            String stat = Files.readString(Path.of("/proc", Long.toString(process.pid()), "stat"));
            boolean isExecuted = stat.contains("(sh)") || stat.contains("(sleep)");
            if (isExecuted && stat.charAt(stat.lastIndexOf(')') + 2) == state) return;
            assertTrue(System.nanoTime() - deadline < 0, "it is not " + state + ": " + stat);
            Thread.sleep(10);
        }
    }

    /// The files of a v1 cgroup, with the tasks of a real busy process and a real sleeping one.
    @Test
    void underAQuotaOnlyTheGuestsOwnTasksCount() throws Exception {
        Process busy = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        Process asleep = new ProcessBuilder("sleep", "30").start();
        try {
            Files.writeString(dir.resolve("cpu.cfs_quota_us"), "25000\n");
            Files.writeString(dir.resolve("cpu.cfs_period_us"), "100000\n");
            Files.writeString(dir.resolve("tasks"), busy.pid() + "\n" + asleep.pid() + "\n999999999\n");
            Files.writeString(dir.resolve("memory.limit_in_bytes"), "104857600\n");
            Files.writeString(dir.resolve("memory.usage_in_bytes"), "52428800\n");
            Files.writeString(dir.resolve("memory.stat"), "cache 1\ninactive_file 10485760\n");
            GuestCgroup cgroup = new GuestCgroup(List.of(dir), List.of(dir));
            LoadSampler sampler = new LoadSampler(PROC, () -> cgroup);
            awaitState(busy, 'R');
            awaitState(asleep, 'S');
            LoadSample sample = sampler.sample(true);
            assertEquals(0.25, sample.cpus());
            assertEquals(1, sample.guestTasks(), sample.toString());
            assertEquals(104857600, sample.memoryTotalBytes());
            assertEquals(62914560, sample.memoryFreeBytes());
        } finally {
            busy.destroyForcibly();
            asleep.destroyForcibly();
        }
    }

    /// Of a v2 group with a quota, in which the owner works as well.
    @Test
    void theOwnersTasksInTheSameQuotaAreToldApart() throws Exception {
        Process guest = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        Process owner = new ProcessBuilder("sh", "-c", "while :; do :; done").start();
        try {
            Path guests = Files.createDirectories(dir.resolve("guests"));
            Path home = Files.createDirectories(dir.resolve("home"));
            Files.writeString(dir.resolve("cpu.max"), "150000 100000\n");
            Files.writeString(guests.resolve("cpu.max"), "max 100000\n");
            Files.writeString(guests.resolve("cgroup.threads"), guest.pid() + "\n");
            Files.writeString(home.resolve("cgroup.threads"), owner.pid() + "\n");
            awaitState(guest, 'R');
            awaitState(owner, 'R');
            LoadSampler sampler = new LoadSampler(PROC, () -> new GuestCgroup(List.of(guests, dir), List.of()));
            LoadSample sample = sampler.sample(true);
            assertEquals(1, sample.guestTasks(), sample.toString());
            assertEquals(1, sample.otherTasks(), sample.toString());
            LoadSample without = sampler.sample(false);
            assertEquals(0, without.guestTasks(), "there is no guest: " + without);
        } finally {
            guest.destroyForcibly();
            owner.destroyForcibly();
        }
    }

    @Test
    void theKeepersOwnGroupIsFoundBelowTheDaemons() throws IOException {
        Path self = Files.createDirectories(dir.resolve("proc/self"));
        Path two = Files.createDirectories(dir.resolve("two/system.slice/drover.service/drover-guests"));
        Files.writeString(dir.resolve("two/cgroup.controllers"), "cpu\n");
        Files.writeString(self.resolve("cgroup"), "0::/system.slice/drover.service\n");
        assertEquals(
                two,
                GuestCgroup.ofOwn(dir.resolve("proc"), dir.resolve("two")).cpu().getFirst());
        Path one = Files.createDirectories(dir.resolve("one/cpu/drover-guests"));
        Files.writeString(self.resolve("cgroup"), "5:cpuacct:/other\n4:cpuset:/x\n3:cpu:/\n0::/\n");
        assertEquals(
                one,
                GuestCgroup.ofOwn(dir.resolve("proc"), dir.resolve("one")).cpu().getFirst());
        assertEquals(GuestCgroup.none(), GuestCgroup.ofOwn(dir.resolve("nothing"), dir.resolve("one")));
    }

    @Test
    void aVersionTwoQuotaIsRead() throws IOException {
        Files.writeString(dir.resolve("cpu.max"), "150000 100000\n");
        Files.writeString(dir.resolve("cgroup.threads"), "");
        Files.writeString(dir.resolve("memory.max"), "max\n");
        GuestCgroup cgroup = new GuestCgroup(List.of(dir), List.of(dir));
        LoadSample sample = new LoadSampler(PROC, () -> cgroup).sample(true);
        assertEquals(Math.min(1.5, Runtime.getRuntime().availableProcessors()), sample.cpus());
        assertEquals(0, sample.guestTasks());
        assertTrue(sample.memoryTotalBytes() > 1 << 28, sample.toString());
    }

    @Test
    void aLimitOfAGroupAroundLimitsTheGuests() throws IOException {
        for (String controllers : List.of("", "cpu", "memory")) {
            Path node = Files.createDirectories(dir.resolve(controllers).resolve("lab/n1"));
            Path guests = Files.createDirectories(node.resolve("guests"));
            boolean two = controllers.isEmpty();
            if (two || controllers.equals("cpu")) {
                Files.writeString(guests.resolve(two ? "cpu.max" : "cpu.cfs_quota_us"), two ? "max 100000\n" : "-1\n");
                Files.writeString(node.resolve(two ? "cpu.max" : "cpu.cfs_quota_us"), two ? "1000 10000\n" : "1000\n");
                if (!two) Files.writeString(node.resolve("cpu.cfs_period_us"), "10000\n");
                Files.writeString(guests.resolve("tasks"), "");
            }
            if (two || controllers.equals("memory")) {
                String file = two ? "memory.max" : "memory.limit_in_bytes";
                Files.writeString(guests.resolve(file), two ? "max\n" : "9223372036854771712\n");
                Files.writeString(node.resolve(file), "104857600\n");
                Files.writeString(node.resolve(two ? "memory.current" : "memory.usage_in_bytes"), "52428800\n");
            }
        }
        LoadSample one = new LoadSampler(PROC, () -> GuestCgroup.find(dir, "/lab/n1/guests")).sample(true);
        Files.writeString(dir.resolve("cgroup.controllers"), "cpu memory\n");
        LoadSample two = new LoadSampler(PROC, () -> GuestCgroup.find(dir, "lab/n1/guests")).sample(true);
        for (LoadSample sample : List.of(one, two)) {
            assertEquals(0.1, sample.cpus(), 1e-9);
            assertEquals(104857600, sample.memoryTotalBytes());
            assertEquals(52428800, sample.memoryFreeBytes());
        }
    }

    @Test
    void numbersAreFoundAtLineStartsOnly() {
        String text = "MemTotal:  10 kB\nSwapMemTotal: 7\nMemAvailable:\t5 kB\n";
        assertEquals(Optional.of(10L), KernelFile.number(text, "MemTotal:"));
        assertEquals(Optional.of(5L), KernelFile.number(text, "MemAvailable:"));
        assertEquals(Optional.empty(), KernelFile.number(text, "Swap:"));
    }

    @Test
    void theSpeedIsMeasuredOnceAndKept() throws IOException {
        Path file = dir.resolve("speed");
        double measured = CpuSpeed.keptOrMeasured(file);
        assertTrue(measured > 0.05 && measured < 50, "speed " + measured);
        assertEquals(measured, CpuSpeed.keptOrMeasured(file));
        Files.writeString(file, "speed=777.0\nmodel=" + CpuSpeed.model() + "\n");
        assertEquals(777.0, CpuSpeed.keptOrMeasured(file), "a kept speed is not measured again");
    }

    @Test
    void anotherCpuModelIsMeasuredAnew() throws IOException {
        Path file = dir.resolve("speed");
        Files.writeString(file, "speed=777.0\nmodel=Motorola 68000\n");
        assertNotEquals(777.0, CpuSpeed.keptOrMeasured(file));
        assertTrue(Files.readString(file).contains("model=" + CpuSpeed.model()));
    }

    @Test
    void aDamagedSpeedFileIsMeasuredAnew() throws IOException {
        Path file = dir.resolve("speed");
        Files.writeString(file, "speed=fast\nmodel=" + CpuSpeed.model() + "\n");
        assertTrue(CpuSpeed.keptOrMeasured(file) < 50);
    }
}
