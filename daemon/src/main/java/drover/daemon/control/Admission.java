package drover.daemon.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.daemon.config.DaemonConfig;
import drover.daemon.deputy.Peer;
import drover.daemon.deputy.UserTable;
import drover.daemon.placement.ClusterKnowledge;
import drover.model.Credentials;
import drover.model.ExitStatus;
import drover.model.NodeId;
import drover.protocol.job.CommandSpec;
import java.security.SecureRandom;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/// Decides whether a request becomes a job: who may run, whether what is asked for can be had, and whether there
/// is room to wait. Loop of home's jobs only, except where a method says otherwise.
final class Admission {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WRONG_USAGE = 2;
    private static final int SECRET_BYTES = 16;

    /// What becomes of a request.
    sealed interface Answer {}

    /// It is a job now, with a number and a secret, though in no book yet.
    record Admitted(Job job) implements Answer {}

    /// It is not taken; the message says what, why and what next.
    record Refused(int exitStatus, String message) implements Answer {}

    private final DaemonConfig config;
    private final ClusterKnowledge knowledge;
    private final JobNetwork network;
    private final JobQueue queue;
    private final JobBook book;
    private final SecureRandom secrets = new SecureRandom();

    Admission(DaemonConfig config, ClusterKnowledge knowledge, JobNetwork network, JobQueue queue, JobBook book) {
        this.config = config;
        this.knowledge = knowledge;
        this.network = network;
        this.queue = queue;
        this.book = book;
    }

    /// Whether that user may have jobs here. Any thread.
    boolean mayRun(Credentials caller) {
        if (caller.isRoot()) return true;
        return UserTable.groupId(config.allowGroup())
                .filter(group -> caller.gid() == group || caller.groups().contains(group))
                .isPresent();
    }

    /// Answers a request.
    ///
    /// @param command what `spec` says, for people to read
    Answer ask(Peer peer, String optionsJson, CommandSpec command, byte[] spec) {
        if (!mayRun(peer.credentials())) {
            String user = UserTable.userName(peer.credentials().uid());
            return failed(user + " may not run jobs on " + config.name() + ": only root and the group '"
                    + config.allowGroup() + "' may; as root: usermod -aG " + config.allowGroup() + " " + user);
        }
        RunOptions options;
        try {
            options = RunOptions.parse(JSON.readTree(optionsJson), usualNetwork());
        } catch (RunOptions.Refused | JsonProcessingException e) {
            return new Refused(WRONG_USAGE, e.getMessage());
        }
        Optional<String> unusable = unusable(options);
        if (unusable.isPresent()) return failed(unusable.get());
        if (queue.size() >= config.queueMax())
            return failed(queue.size() + " jobs wait already (queue-max); wait for some of them: drover ps");
        return new Admitted(job(peer, options, command, spec));
    }

    private static Refused failed(String message) {
        return new Refused(ExitStatus.DROVER_FAILED, message);
    }

    /// Home's, where it has one to give: a machine that lacks a package still runs jobs, as it did before.
    private NetworkChoice usualNetwork() {
        return config.homeNetwork() && network.unusable().isEmpty() ? NetworkChoice.HOME : NetworkChoice.NONE;
    }

    private Optional<String> unusable(RunOptions options) {
        Set<NodeId> down = new TreeSet<>();
        for (NodeId node : options.nodes()) {
            switch (knowledge.stateOf(node)) {
                case UNKNOWN -> {
                    return Optional.of("there is no node '" + node + "' in this cluster; see: drover nodes");
                }
                case DOWN -> down.add(node);
                case UP -> {}
            }
        }
        if (!down.isEmpty() && down.size() == options.nodes().size()) {
            String names = String.join(", ", down.stream().map(NodeId::name).toList());
            return Optional.of(names + " cannot be reached now; choose another node or none, see: drover nodes");
        }
        if (options.network() == NetworkChoice.HOME)
            return network.unusable()
                    .map(why -> "cannot give the network of " + config.name() + " to a job: " + why
                            + ", or run it with --net none");
        return Optional.empty();
    }

    private Job job(Peer peer, RunOptions options, CommandSpec command, byte[] spec) {
        byte[] secret = new byte[SECRET_BYTES];
        secrets.nextBytes(secret);
        return new Job(
                book.nextId(),
                peer.credentials(),
                UserTable.userName(peer.credentials().uid()),
                options,
                command.shown(),
                command.directory(),
                spec,
                secret,
                System.currentTimeMillis() / 1e3);
    }
}
