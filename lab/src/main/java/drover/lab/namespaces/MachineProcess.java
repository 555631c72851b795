package drover.lab.namespaces;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/// A process of this machine, told from a later one with the same number by its start time.
public record MachineProcess(long pid, long startTicks) {
    public static MachineProcess self() {
        long pid = ProcessHandle.current().pid();
        return new MachineProcess(pid, startTicksOf(pid));
    }

    /// Reads a file that holds "PID START"; empty if there is none.
    public static Optional<MachineProcess> read(Path file) {
        try {
            String[] words = Files.readString(file).strip().split(" ", -1);
            return words.length == 2
                    ? Optional.of(new MachineProcess(Long.parseLong(words[0]), Long.parseLong(words[1])))
                    : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | NumberFormatException e) {
            throw new LabException("cannot read " + file + ": " + e.getMessage(), e);
        }
    }

    public boolean isAlive() {
        return startTicks != 0 && startTicksOf(pid) == startTicks;
    }

    /// SIGTERM or, forcibly, SIGKILL; nothing if it is gone.
    public void end(boolean forcibly) {
        if (!isAlive()) return;
        ProcessHandle.of(pid).ifPresent(handle -> {
            if (forcibly) handle.destroyForcibly();
            else handle.destroy();
        });
    }

    @Override
    public String toString() {
        return pid + " " + startTicks;
    }

    /// 0: there is no such process, or only its remains.
    private static long startTicksOf(long pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // The name may hold anything, also ')' and spaces; after it: state, ppid, ..., the start as the 20th.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return fields[0].equals("Z") ? 0 : Long.parseLong(fields[19]);
        } catch (IOException e) {
            return 0;
        }
    }
}
