package drover.daemon.control;

import drover.model.JobState;
import drover.model.NodeId;
import drover.protocol.job.JobMessage.Session;
import drover.protocol.job.SessionKind;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/// Jobs that stand still because their users want it (`drover freeze`, `continue`). The journal has who does, and the
/// node is told again whenever it is connected to or has the job anew. Loop of home's jobs only.
final class Standstill {
    private final JobBook book;
    private final GuestNodes nodes;
    /// Who waits for the node's word.
    private final Map<Job, List<Consumer<Optional<String>>>> waiting = new HashMap<>();

    Standstill(JobBook book, GuestNodes nodes) {
        this.book = book;
        this.nodes = nodes;
    }

    /// Stops a job where it is, or lets it go on.
    ///
    /// @param answer hears why not, or, with nothing, that its node has done it
    void ask(Job job, boolean frozen, Consumer<Optional<String>> answer) {
        Optional<String> objection = objection(job);
        if (objection.isPresent()) {
            answer.accept(objection);
            return;
        }
        job.frozen = frozen;
        waiting.computeIfAbsent(job, _ -> new ArrayList<>()).add(answer);
        book.commit(job, () -> tell(job));
    }

    private Optional<String> objection(Job job) {
        if (job.state.isFinal()) return Optional.of("it has ended");
        if (!runs(job)) return Optional.of("it does not run yet; see: drover why " + job.id.number());
        if (job.move != null)
            return Optional.of("it is just moving to " + job.move.target + "; try again when it is there");
        if (!nodes.isUp(job.node))
            return Optional.of(job.node + ", where it runs, cannot be reached now; see: drover nodes");
        return Optional.empty();
    }

    private static boolean runs(Job job) {
        return job.state == JobState.RUNNING || job.state == JobState.LINGERING;
    }

    private void tell(Job job) {
        if (runs(job))
            nodes.send(
                    job.node,
                    new Session(
                            job.guest(),
                            Unpooled.buffer(2).writeByte(SessionKind.FREEZE).writeByte(job.frozen ? 1 : 0)));
    }

    /// The job's node has begun to run it, or may not have heard what was said: it is said again.
    void remind(Job job) {
        if (job.frozen || waiting.containsKey(job)) tell(job);
    }

    /// The links to a node are there.
    void up(NodeId node) {
        for (Job job : book.unfinished()) if (node.equals(job.node)) remind(job);
    }

    /// The job's node has done what it was told. Only its latest word counts.
    void told(Job job, boolean frozen) {
        if (frozen != job.frozen) return;
        List<Consumer<Optional<String>>> answers = waiting.remove(job);
        if (answers == null) return;
        answers.forEach(answer -> answer.accept(Optional.empty()));
        boolean isWatched = job.deputy != null && !job.options.detach(); // a detached one's deputy writes its log
        if (frozen && isWatched) {
            String number = " " + job.id.number();
            job.deputy.notice("job" + number + " was frozen; it goes on with: drover continue" + number
                    + ", and ends with: drover kill -KILL" + number);
        }
    }

    /// The job ends.
    void forget(Job job) {
        job.frozen = false;
        List<Consumer<Optional<String>>> answers = waiting.remove(job);
        if (answers != null) answers.forEach(answer -> answer.accept(Optional.of("it has ended meanwhile")));
    }
}
