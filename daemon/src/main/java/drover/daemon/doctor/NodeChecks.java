package drover.daemon.doctor;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.deputy.UserTable;
import drover.protocol.local.DaemonSocket;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import drover.protocol.local.LocalFrameWriter;
import drover.protocol.mtls.IdentityFiles;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/// What makes this machine a node: the installation, its configuration, its certificate, and its daemon.
final class NodeChecks {
    private static final ObjectMapper JSON = new ObjectMapper();
    /// Renewal begins when a third of a certificate's life is left: who sees this little was long alone.
    private static final Duration LITTLE_LEFT = Duration.ofDays(3);

    private static final Duration ANSWER_LIMIT = Duration.ofSeconds(5);
    private static final String MAKE_NODE =
            "this machine is no node of a cluster yet; make one: drover init, or drover join HOST --token T";

    private final Places places;
    private final Path libexec;
    private final Instant now;

    NodeChecks(Places places, Path libexec, Instant now) {
        this.places = places;
        this.libexec = libexec;
        this.now = now;
    }

    List<Finding> all() {
        List<Finding> findings = new ArrayList<>();
        findings.add(programs());
        if (Files.notExists(places.config())) {
            findings.add(Finding.note("configuration", MAKE_NODE));
            return findings;
        }
        try {
            DaemonConfig config = DaemonConfig.load(places.config());
            findings.add(
                    Finding.ok("configuration", places.config() + ": " + config.name() + " at " + config.address()));
            findings.add(group(config));
        } catch (DaemonConfig.Invalid e) {
            findings.add(Finding.missing("configuration", String.valueOf(e.getMessage())));
        }
        findings.add(certificate());
        findings.add(daemon());
        return findings;
    }

    private Finding programs() {
        for (String name : List.of("drover-keeper", "drover-init"))
            if (!Files.isExecutable(libexec.resolve(name)))
                return Finding.missing("programs", "there is no " + name + " in " + libexec + "; install drover anew");
        return Finding.ok("programs", "drover-keeper and drover-init in " + libexec);
    }

    private static Finding group(DaemonConfig config) {
        String name = config.allowGroup();
        return UserTable.groupId(name).isPresent()
                ? Finding.ok("users", "root and the group " + name + " may run jobs")
                : Finding.note(
                        "users",
                        "only root may run jobs: there is no group " + name + "; as root: groupadd " + name
                                + ", then usermod -aG " + name + " USER");
    }

    private Finding certificate() {
        Path directory = places.state().resolve("identity");
        try {
            Instant end =
                    IdentityFiles.read(directory).certificate().getNotAfter().toInstant();
            Duration left = Duration.between(now, end);
            if (left.isNegative())
                return Finding.missing(
                        "certificate",
                        "it expired on " + end
                                + "; if the clock is right: drover leave, then drover join with a new token");
            String text = "valid until " + end + ", renews itself";
            return left.compareTo(LITTLE_LEFT) < 0
                    ? Finding.note(
                            "certificate", text + ", but has not: can the machine with the authority be reached?")
                    : Finding.ok("certificate", text);
        } catch (AccessDeniedException e) {
            return Finding.note("certificate", "only root can look at it");
        } catch (NoSuchFileException e) {
            return MachineChecks.isRoot()
                    ? Finding.missing("certificate", MAKE_NODE)
                    : Finding.note("certificate", "only root can look at it");
        } catch (IOException e) {
            return Finding.missing("certificate", String.valueOf(e.getMessage()));
        }
    }

    private Finding daemon() {
        Path socket = places.run().resolve("drover.sock");
        AtomicBoolean late = new AtomicBoolean();
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            Thread clock = Thread.ofVirtual().start(() -> closeLater(channel, late));
            try {
                channel.connect(UnixDomainSocketAddress.of(socket));
                return Finding.ok("daemon", "answers; it knows " + nodes(channel));
            } finally {
                clock.interrupt();
            }
        } catch (IOException e) {
            if (late.get())
                return Finding.missing(
                        "daemon",
                        "does not answer within " + ANSWER_LIMIT.toSeconds()
                                + " s: it hangs, or the machine is overloaded; restart it");
            return Finding.missing(
                    "daemon",
                    "cannot be reached at " + socket + ": " + e.getMessage() + "; start it as root: drover daemon");
        }
    }

    private static String nodes(SocketChannel channel) throws IOException {
        byte[] question = "{\"command\":\"nodes\"}".getBytes(StandardCharsets.UTF_8);
        new LocalFrameWriter(channel).write(new LocalFrame(DaemonSocket.COMMAND, question));
        Optional<LocalFrame> answer = new LocalFrameReader(channel).read();
        if (answer.isEmpty()) throw new IOException("it closed the connection");
        JsonNode result = JSON.readTree(answer.get().fields().rest()).path("result");
        int up = 0;
        for (JsonNode node : result) if (node.path("state").asText().equals("up")) up++;
        return result.size() + (result.size() == 1 ? " node, " : " nodes, ") + up + " up";
    }

    private static void closeLater(SocketChannel channel, AtomicBoolean late) {
        try {
            Thread.sleep(ANSWER_LIMIT);
            late.set(true);
            channel.close();
        } catch (InterruptedException | IOException e) {
            Thread.currentThread().interrupt(); // answered, or closed already
        }
    }
}
