package drover.daemon.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import drover.daemon.doctor.Finding.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the doctor says of CRIU: of the real one, and of programs that break where a real one can.
class CriuCheckIT {
    private static final Path NATIVE = Path.of("../native/target");

    @TempDir
    Path directory;

    private Finding look(boolean isRoot, String criu) {
        return CriuCheck.look(Map.of("DROVER_CRIU", criu), isRoot, NATIVE.toAbsolutePath());
    }

    /// A program that says it is CRIU 4.1.1, passes its own check, and does this when it is to dump.
    private Finding withCriuThatDumps(String script) throws IOException {
        Path criu = directory.resolve("criu");
        Files.writeString(
                criu, "#!/bin/sh\ncase $1 in --version) echo Version: 4.1.1;; check) ;; *) " + script + ";; esac\n");
        assertTrue(criu.toFile().setExecutable(true));
        return look(true, criu.toString());
    }

    @Test
    void theCriuOfThisMachineDumpsAndRestoresAUsersProcessWithASocket() {
        assumeTrue(MachineChecks.isRoot(), "only root can dump and restore");
        Finding found = CriuCheck.look(Map.of(), true, NATIVE.toAbsolutePath());
        assumeTrue(
                !found.detail().contains("none is installed") && !found.detail().contains("older than"),
                "no CRIU of 4.1 or later is installed (setup/criu)");
        assertEquals(Verdict.OK, found.verdict(), found.toString());
        assertTrue(found.detail().contains("checks, dumps and restores"), found.detail());
    }

    @Test
    void whoIsNotRootIsOnlyToldTheVersion() throws IOException {
        withCriuThatDumps("exit 1");
        Finding found = look(false, directory.resolve("criu").toString());
        assertEquals(Verdict.NOTE, found.verdict());
        assertTrue(found.detail().endsWith("criu 4.1.1; only root can try it"), found.detail());
    }

    @Test
    void aDumpThatFailsIsNotedWithCriusOwnReason() throws IOException {
        assumeTrue(MachineChecks.isRoot(), "a process of another user can be started by root only");
        Finding found =
                withCriuThatDumps("echo '(00.01) Error (criu/sockets.c:628): no such option' > $3/dump.log; exit 1");
        assertEquals(Verdict.NOTE, found.verdict());
        assertTrue(found.detail().contains("cannot dump a process"), found.detail());
    }

    @Test
    void aProcessThatADumpLeavesAliveIsNoticedAndEnded() throws IOException {
        assumeTrue(MachineChecks.isRoot(), "a process of another user can be started by root only");
        Path pid = directory.resolve("pid");
        Finding found = withCriuThatDumps("while [ $1 != --tree ]; do shift; done; echo $2 > " + pid);
        assertTrue(found.detail().contains("left the dumped process alive"), found.detail());
        long left = Long.parseLong(Files.readString(pid).strip());
        ProcessHandle.of(left)
                .ifPresent(p -> p.onExit().orTimeout(5, TimeUnit.SECONDS).join());
    }

    @Test
    void aRestoreThatBringsNothingBackIsNoticed() throws IOException {
        assumeTrue(MachineChecks.isRoot(), "a process of another user can be started by root only");
        Finding found = withCriuThatDumps("while [ $# -gt 0 ]; do [ $1 != --tree ] || kill -9 $2; shift; done");
        assertTrue(found.detail().contains("is not there"), found.detail());
    }

    @Test
    void anOldCriuAndOneThatSaysNothingAreNoted() throws IOException {
        Path criu = directory.resolve("criu");
        Files.writeString(criu, "#!/bin/sh\necho Version: 3.17.1\n");
        assertTrue(criu.toFile().setExecutable(true));
        assertTrue(look(true, criu.toString()).detail().contains("3.17.1 is older than 4.1"));
        Files.writeString(criu, "#!/bin/sh\n");
        assertTrue(look(true, criu.toString()).detail().contains("does not say its version"));
    }
}
