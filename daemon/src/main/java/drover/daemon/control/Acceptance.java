package drover.daemon.control;

import drover.model.ExitStatus;
import java.io.IOException;

/// Tells a deputy, once, that its job is in the journal: from then on a crash loses nothing. Loop of home's jobs
/// only.
final class Acceptance {
    private final JobLogs logs;
    private final JobEnds ends;

    Acceptance(JobLogs logs, JobEnds ends) {
        this.logs = logs;
        this.ends = ends;
    }

    void tell(Job job) {
        if (job.accepted || job.deputy == null) return;
        job.accepted = true;
        String log = "";
        if (job.options.detach()) {
            try {
                log = logs.create(job.id, job.credentials).toString();
            } catch (IOException e) {
                String what = "cannot make a log for the detached job: " + e.getMessage();
                ends.fail(job, ExitStatus.DROVER_FAILED, what);
                return;
            }
        }
        job.deputy.accepted(job.id.number(), job.secret, log);
    }
}
