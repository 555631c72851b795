package drover.lab.experiments;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.lab.namespaces.Programs;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/// The peer: GNU parallel over ssh. An sshd in each node's quota, connections made beforehand and kept, results
/// brought back on stdout; keys are made for this lab only and stay inside it.
final class PeerSsh {
    /// In the directory of the run; one line for each sub-job that has ended.
    static final String JOB_LOG = "joblog";

    private static final String PLACE = "/etc/drover-peer";
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private final Lab lab;
    private final List<NodeId> nodes;

    PeerSsh(Lab lab, List<NodeId> nodes) {
        this.lab = lab;
        this.nodes = List.copyOf(nodes);
    }

    static List<Workload.Requirement> requirements() {
        return List.of(
                new Workload.Requirement(Path.of("/usr/bin/parallel"), "parallel"),
                new Workload.Requirement(Path.of("/usr/bin/ssh"), "openssh-client"),
                new Workload.Requirement(Path.of("/usr/sbin/sshd"), "openssh-server"));
    }

    /// Starts what is not running yet, and opens a connection to each node.
    void start() throws IOException {
        for (NodeId node : nodes) if (!Files.exists(lab.fileOf(node, "/run/sshd.pid"))) startServer(node);
        for (NodeId node : nodes)
            require(lab.systemOf(nodes.getFirst()).run(LIMIT, "ssh", "-F", PLACE + "/client", node.name(), "true"));
    }

    String parallelCommand() {
        String hosts = nodes.stream().map(node -> "1/" + node).collect(Collectors.joining(","));
        return "parallel --will-cite --plain --colsep '\\t' --ssh 'ssh -F " + PLACE + "/client' -S " + hosts
                + " --joblog " + JOB_LOG + " --results 'streams/{1}/' '{=2 uq=}' <jobs >parallel.out 2>parallel.err\n";
    }

    String outputOf(SubJob job) {
        return "streams/" + job.name() + "/stdout";
    }

    private void startServer(NodeId node) throws IOException {
        Path place = Files.createDirectories(lab.fileOf(node, PLACE));
        Path key = keys();
        Files.createDirectories(lab.fileOf(node, "/run/sshd"));
        for (String name : List.of("key", "key.pub")) {
            Files.write(place.resolve(name), Files.readAllBytes(key.resolveSibling(name)));
            Files.setPosixFilePermissions(place.resolve(name), PosixFilePermissions.fromString("rw-------"));
        }
        Files.writeString(place.resolve("server"), """
                ListenAddress %s
                HostKey %s/key
                AuthorizedKeysFile %s/key.pub
                PidFile /run/sshd.pid
                StrictModes no
                UsePAM no
                UseDNS no
                MaxStartups 200
                MaxSessions 64
                PermitRootLogin prohibit-password
                """.formatted(lab.plan().addressOf(node), PLACE, PLACE));
        Files.writeString(place.resolve("client"), """
                Host *
                  IdentityFile %s/key
                  StrictHostKeyChecking no
                  UserKnownHostsFile /dev/null
                  LogLevel ERROR
                  ControlMaster auto
                  ControlPath /run/ssh-%%h
                  ControlPersist 900
                """.formatted(PLACE));
        // Under sshd a shell reads its start-up file, which costs more CPU than a sub-job's own start: none here.
        Files.writeString(lab.fileOf(node, "/root/.bashrc"), "");
        require(lab.peerOf(node).run(LIMIT, "/usr/sbin/sshd", "-f", PLACE + "/server"));
    }

    private Path keys() {
        Path key = lab.directory().path().resolve("key");
        if (!Files.exists(key))
            Programs.run(List.of("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key.toString()));
        return key;
    }

    private static void require(Programs.Outcome outcome) {
        if (!outcome.succeeded())
            throw new LabException("cannot start the peer's ssh: exit status " + outcome.exitStatus() + ": "
                    + outcome.errors().strip());
    }
}
