package drover.daemon.control;

import drover.daemon.journal.Journal;
import drover.daemon.loop.Loop;
import drover.model.JobId;
import drover.model.NodeId;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All jobs of this home that are not forgotten yet, in memory and in the journal. Owned by the loop of home's
/// jobs.
final class JobBook {
    /// Ended jobs kept for `ps --all`, `show` and `why`.
    private static final int ENDED_KEPT = 10_000;

    private final NodeId home;
    private final Journal journal;
    private final Loop loop;
    private final TreeMap<Long, Job> jobs = new TreeMap<>();
    private final TreeMap<Long, Job> unfinished = new TreeMap<>();
    /// Jobs whose last step is not on disk yet, and whether their users were told what it waits for.
    private final Map<Job, Boolean> unwritten = new HashMap<>();

    private long lastNumber;
    private int ended;

    JobBook(NodeId home, Journal journal, Loop loop) throws SQLException, IOException {
        this.home = home;
        this.journal = journal;
        this.loop = loop;
        for (Journal.Row row : journal.load()) {
            Job job = Job.fromRecord(JobRecord.fromBytes(row.record()), home);
            jobs.put(row.number(), job);
            lastNumber = row.number();
            if (job.state.isFinal()) ended++;
            else unfinished.put(row.number(), job);
        }
    }

    JobId nextId() {
        return new JobId(home, ++lastNumber);
    }

    void add(Job job) {
        jobs.put(job.id.number(), job);
        unfinished.put(job.id.number(), job);
    }

    /// Writes the job as it is now, with the next write or a moment later: for a state that nobody waits for.
    void writeSoon(Job job) {
        journal.writeSoon(row(job));
    }

    private static Journal.Row row(Job job) {
        String node = job.node == null ? null : job.node.name();
        return new Journal.Row(
                job.id.number(), job.state, node, job.epoch, job.toRecord().toBytes());
    }

    /// Writes the job as it is now; `committed` runs on the loop when it is on disk.
    void commit(Job job, Runnable committed) {
        unwritten.putIfAbsent(job, false);
        journal.write(
                row(job),
                () -> loop.execute(() -> {
                    unwritten.remove(job);
                    committed.run();
                }));
        if (job.state.isFinal() && unfinished.remove(job.id.number()) != null) forgetOld();
    }

    /// Whether there is no job that anything is to be done for.
    boolean isIdle() {
        return unfinished.isEmpty() && unwritten.isEmpty();
    }

    /// Nothing is reported that is not on disk: whoever waits because it cannot be written is told once why.
    void tellWhoWaits() {
        journal.trouble()
                .ifPresent(trouble -> unwritten.replaceAll((job, told) -> {
                    if (told || job.deputy == null) return told;
                    job.deputy.notice("job " + job.id.number() + " waits until " + home
                            + " can write down what becomes of it: " + trouble
                            + "; make room on that disk, and it goes on by itself");
                    return true;
                }));
    }

    private void forgetOld() {
        if (++ended <= ENDED_KEPT) return;
        var each = jobs.values().iterator();
        while (each.hasNext() && ended > ENDED_KEPT) {
            if (each.next().state.isFinal()) {
                each.remove();
                ended--;
            }
        }
    }

    @Nullable Job find(JobId id) {
        return id.home().equals(home) ? find(id.number()) : null;
    }

    @Nullable Job find(long number) {
        return jobs.get(number);
    }

    Collection<Job> all() {
        return jobs.values();
    }

    /// A copy, so that jobs may end while it is gone through.
    List<Job> unfinished() {
        return List.copyOf(unfinished.values());
    }
}
