package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Root of a job's node changes the job's guest, so that it would be more on the next node than a guest: the next
/// node looks, and takes none such.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class MoveAttacksLabTest {
    private static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = SharedLabs.take();
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    private interface Attack {
        /// @param pid a process of the guest, as the machine knows it
        void on(long pid) throws Exception;
    }

    private static void isNotTaken(String marker, Attack attack, String why) throws Exception {
        String mayEnd = "/srv/may-end-" + marker;
        String script = "echo began; while ! [ -e " + mayEnd + " ]; do sleep 0.1; done; echo done; exit 3";
        try (Command job = lab.startRun("n2", "sh", "-c", script, marker)) {
            long pid = lab.awaitGuest("n2", marker);
            TestLab.awaitTrue("it runs", () -> job.seen().contains("began"));
            attack.on(pid);
            long number = lab.lastJob().path("job").asLong();
            Outcome refused = lab.at("n1", "drover", "migrate", Long.toString(number), "n3");
            assertEquals(1, refused.exitStatus(), refused.output());
            assertTrue(refused.errors().contains(why), refused.errors());
            assertTrue(refused.errors().contains("It still runs on n2"), refused.errors());
            assertEquals(List.of(), lab.pids("n3", marker));
            lab.sh("n1", "touch " + mayEnd);
            Outcome outcome = job.await(Command.LIMIT);
            assertEquals("began\ndone\n", outcome.output(), outcome.errors());
            assertEquals(3, outcome.exitStatus(), outcome.errors());
        }
    }

    /// With all that root of the node may.
    private static void inside(long pid, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("nsenter", "-t", Long.toString(pid), "-p", "-m"));
        command.addAll(List.of(words));
        Command.run(command, Command.LIMIT).orFail();
    }

    @Test
    void aGuestWithADiskIsNotTaken() throws Exception {
        isNotTaken(
                "has-a-disk",
                pid -> inside(
                        pid,
                        "sh",
                        "-c",
                        "mkdir -p /dev/1/2/3/4/5/6/7/8/9/10 && mknod -m 666 /dev/1/2/3/4/5/6/7/8/9/10/disk b 8 0"),
                "there is a device in its /dev");
    }

    @Test
    void aGuestWithAMountOfItsOwnIsNotTaken() throws Exception {
        isNotTaken(
                "has-a-mount",
                pid -> inside(pid, "mount", "-t", "tmpfs", "more", "/dev/mqueue"),
                "no guest has such a mount");
    }

    @Test
    void aGuestWhoseProcIsOpenIsNotTaken() throws Exception {
        isNotTaken("has-an-open-proc", pid -> inside(pid, "umount", "/proc/sys"), "its /proc/sys is open");
    }
}
