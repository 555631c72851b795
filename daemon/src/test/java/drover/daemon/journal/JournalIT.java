package drover.daemon.journal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.JobState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The journal on a real disk.
class JournalIT {
    private static final int PATIENCE_SECONDS = 20;

    @TempDir
    Path directory;

    private static Journal.Row row(long number, JobState state) {
        return new Journal.Row(
                number, state, "n2", 1, state.name().getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }

    private JobState stateOf(long number) throws Exception {
        try (Journal reader = new Journal(directory.resolve("journal.db"))) {
            return reader.load().stream()
                    .filter(row -> row.number() == number)
                    .findFirst()
                    .orElseThrow()
                    .state();
        }
    }

    private static int status(String... command) throws Exception {
        return new ProcessBuilder(command).inheritIO().start().waitFor();
    }

    private static void fill(Path file) throws IOException {
        byte[] block = new byte[4096];
        try (var out = Files.newOutputStream(file)) {
            while (true) out.write(block);
        } catch (IOException e) {
            if (!String.valueOf(e.getMessage()).contains("No space left")) throw e;
        }
    }

    @Test
    void whatAFullDiskRefusedIsWrittenWhenThereIsRoomAgain() throws Exception {
        boolean root = System.getProperty("user.name").equals("root");
        if (!root) System.out.println("SKIPPED: a small disk is mounted, which needs root");
        Assumptions.assumeTrue(root, "needs root");
        assertEquals(0, status("mount", "-t", "tmpfs", "-o", "size=1m", "none", directory.toString()));
        try (Journal journal = new Journal(directory.resolve("journal.db"))) {
            for (long round = 1; round <= 3; round++) {
                fill(directory.resolve("big"));
                List<CountDownLatch> committed = new ArrayList<>();
                for (long job = 1; job <= 20; job++) {
                    CountDownLatch latch = new CountDownLatch(1);
                    committed.add(latch);
                    byte[] record = new byte[10_000];
                    journal.write(
                            new Journal.Row(100 * round + job, JobState.EXITED, "n2", 1, record), latch::countDown);
                }
                long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
                while (journal.trouble().isEmpty() && System.nanoTime() - deadline < 0) Thread.sleep(10);
                assertFalse(committed.getLast().await(1500, TimeUnit.MILLISECONDS), "it is not on disk, but said so");
                String trouble = journal.trouble().orElse("no trouble");
                assertTrue(trouble.contains("journal.db") && trouble.contains("full"), trouble);
                Files.delete(directory.resolve("big"));
                for (CountDownLatch each : committed)
                    assertTrue(each.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "round " + round);
                assertTrue(journal.trouble().isEmpty());
                assertEquals(JobState.EXITED, stateOf(100 * round + 20));
            }
        } finally {
            assertEquals(0, status("umount", directory.toString()));
        }
    }

    @Test
    void aStateNobodyWaitsForNeverReplacesALaterOne() throws Exception {
        try (Journal journal = new Journal(directory.resolve("journal.db"))) {
            for (long job = 1; job <= 50; job++) {
                CountDownLatch committed = new CountDownLatch(1);
                journal.write(row(job, JobState.STARTING), () -> {});
                journal.writeSoon(row(job, JobState.RUNNING));
                journal.write(row(job, JobState.EXITED), committed::countDown);
                assertTrue(committed.await(PATIENCE_SECONDS, TimeUnit.SECONDS), "job " + job);
                if (job % 10 == 0) assertEquals(JobState.EXITED, stateOf(job), "job " + job);
            }
        }
    }

    @Test
    void aStateNobodyWaitsForReachesTheDiskWithoutCompany() throws Exception {
        try (Journal journal = new Journal(directory.resolve("journal.db"))) {
            CountDownLatch committed = new CountDownLatch(1);
            journal.write(row(1, JobState.STARTING), committed::countDown);
            assertTrue(committed.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            journal.writeSoon(row(1, JobState.RUNNING));
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (stateOf(1) != JobState.RUNNING) {
                assertTrue(System.nanoTime() - deadline < 0, "it is still not on disk");
                Thread.sleep(20);
            }
        }
    }

    /// Again and again: the journal's thread may be anywhere when it is told to stop.
    @RepeatedTest(50)
    void aStateNobodyWaitsForIsWrittenWhenTheJournalCloses() throws Exception {
        for (long job = 1; job <= 50; job++) { // the writer is anywhere between two rows when it closes
            Journal journal = new Journal(directory.resolve("journal.db"));
            CountDownLatch committed = new CountDownLatch(1);
            journal.write(row(job, JobState.STARTING), committed::countDown);
            assertTrue(committed.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
            journal.writeSoon(row(job, JobState.RUNNING));
            journal.close();
            assertEquals(JobState.RUNNING, stateOf(job), "job " + job);
        }
    }
}
