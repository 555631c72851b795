package drover.daemon;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Who holds the lock is another process: locks of one process do not exclude each other.
@Timeout(60)
class DaemonLockIT {
    /// Takes the lock as a daemon does, says so, and does what the last line says.
    private static final String HOLDER = """
            import ctypes, fcntl, os, sys, threading, time
            file = open(sys.argv[1], 'w')
            fcntl.lockf(file, fcntl.LOCK_EX)
            file.write('%d\\n' % os.getpid())
            file.flush()
            """;

    private static final String LIVES = "print('locked', flush=True); sys.stdin.read()";

    /// What a killed process looks like while one of its threads has not come back from the disk: the first
    /// thread is gone, and the files are still open.
    private static final String ENDS_SLOWLY = """
            def last():
                while 'State:\\tZ' not in open('/proc/%d/status' % os.getpid()).read(): time.sleep(0.01)
                print('locked', flush=True)
                time.sleep(1)
                os._exit(0)
            threading.Thread(target=last).start()
            of_this_thread_alone = {'x86_64': 60, 'aarch64': 93}[os.uname().machine]
            ctypes.CDLL(None).syscall(of_this_thread_alone, 0)
            """;

    @TempDir
    private Path run;

    private Process holder(String then) throws IOException {
        Process holder = new ProcessBuilder(
                        "python3",
                        "-c",
                        HOLDER + then,
                        run.resolve("daemon.lock").toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertEquals("locked", holder.inputReader(StandardCharsets.US_ASCII).readLine());
        return holder;
    }

    @Test
    void aSecondDaemonIsToldOfTheFirst() throws Exception {
        Process first = holder(LIVES);
        StartFailure refused = assertThrows(StartFailure.class, () -> DaemonLock.take(run));
        assertTrue(String.valueOf(refused.getMessage()).contains("with pid " + first.pid() + ";"), refused.toString());
        first.getOutputStream().close();
        first.waitFor();
        DaemonLock.take(run).close();
    }

    @Test
    void whoWasKilledIsWaitedForUntilItIsGone() throws Exception {
        Process killed = holder(ENDS_SLOWLY);
        try (DaemonLock _ = DaemonLock.take(run)) {
            killed.waitFor();
            assertEquals(
                    ProcessHandle.current().pid() + "\n",
                    Files.readString(run.resolve("daemon.lock"), StandardCharsets.US_ASCII));
        }
    }
}
