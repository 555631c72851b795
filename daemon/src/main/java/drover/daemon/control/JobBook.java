package drover.daemon.control;

import drover.daemon.journal.Journal;
import drover.model.JobId;
import drover.model.NodeId;
import java.io.IOException;
import java.sql.SQLException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// All jobs of this home that are not forgotten yet, in memory and in the journal. Owned by the loop of home's
/// jobs.
final class JobBook {
    /// Ended jobs kept for `ps --all`, `show` and `why`.
    private static final int ENDED_KEPT = 10_000;

    private final NodeId home;
    private final Journal journal;
    private final TreeMap<Long, Job> jobs = new TreeMap<>();
    private final TreeMap<Long, Job> unfinished = new TreeMap<>();
    private long lastNumber;
    private int ended;

    JobBook(NodeId home, Journal journal) throws SQLException, IOException {
        this.home = home;
        this.journal = journal;
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

    /// Writes the job as it is now; `committed` runs on the journal's thread when it is on disk.
    void write(Job job, Runnable committed) {
        journal.write(row(job), committed);
        if (job.state.isFinal() && unfinished.remove(job.id.number()) != null) forgetOld();
    }

    /// Why the journal cannot be written now.
    Optional<String> trouble() {
        return journal.trouble();
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
        return id.home().equals(home) ? jobs.get(id.number()) : null;
    }

    Collection<Job> all() {
        return jobs.values();
    }

    /// A copy, so that jobs may end while it is gone through.
    List<Job> unfinished() {
        return List.copyOf(unfinished.values());
    }
}
