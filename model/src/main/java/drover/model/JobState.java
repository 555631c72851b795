package drover.model;

/// Where a job is on its journey. Home's journal holds the state; each says which copy may run.
public enum JobState {
    /// Waits at home for a place. Nothing may run.
    QUEUED,
    /// Given to a node, which may run it; home has not heard that it does.
    STARTING,
    /// Runs on its node. That copy alone may have effects.
    RUNNING,
    /// The first process has exited and its status is reported; others of its tree go on.
    LINGERING,
    /// Ended by itself, or by a signal. Nothing may run.
    EXITED,
    /// Ended by drover, which says why: could not be started, or its node was lost after effects. Nothing may run.
    FAILED;

    public boolean isFinal() {
        return this == EXITED || this == FAILED;
    }
}
