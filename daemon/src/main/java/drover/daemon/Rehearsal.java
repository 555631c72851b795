package drover.daemon;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.daemon.config.DaemonConfig;
import drover.daemon.config.DaemonConfig.Places;
import drover.daemon.security.Enrolment;
import drover.daemon.security.SecurityFailure;
import drover.daemon.security.SecurityPlaces;
import drover.protocol.local.DaemonSocket;
import drover.protocol.local.LocalFrame;
import drover.protocol.local.LocalFrameReader;
import drover.protocol.local.LocalFrameWriter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `drover daemon --train`: a cluster of two whole nodes in this one process, on loopback and in folders of
/// its own. It is made, joined, asked and, where the keeper may run (as root), given jobs; then it ends. The
/// Java virtual machine records meanwhile what a daemon needs, for the cache from which later ones start (JEP
/// 514, 515). With `DROVER_COMMAND_CACHE=FILE` in its environment it has a command do the same for commands, there.
final class Rehearsal {
    private static final Logger LOG = LoggerFactory.getLogger(Rehearsal.class);
    private static final Duration CONVERGENCE_LIMIT = Duration.ofSeconds(40); // usually one, on a busy machine ten
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(60);
    private static final Duration POLL = Duration.ofMillis(50);
    /// Enough that the recorded profile is the one of the work and not of its start; takes some seconds.
    private static final int JOBS = 250;
    /// With small files, each read by a job of its own from the first to the last, twice.
    private static final int FOLDERS = 8;

    private static final int FILES = 500;
    private static final int FILE_BYTES = 4_096;

    /// What a daemon does once a second is interpreted for minutes, unless it was compiled here: then it is compiled
    /// at once. An idle daemon takes 0.7 of what it does with 1; 5, 20 and 500 are worse (docs/measurements.md).
    private static final int PACE = 10;

    private static final String FIRST = "rehearsal-one";
    private static final String SECOND = "rehearsal-two";

    private static final Optional<String> COMMAND_CACHE = Optional.ofNullable(System.getenv("DROVER_COMMAND_CACHE"));

    private final Places places;
    private final Path libexec;

    Rehearsal(Places places, Path libexec) {
        this.places = places;
        this.libexec = libexec;
    }

    void run() throws StartFailure, DaemonConfig.Invalid, IOException, SecurityFailure {
        Places one = placesOf(FIRST);
        Places two = placesOf(SECOND);
        configure(one, FIRST);
        configure(two, SECOND);
        Optional<String> unnamed = Optional.empty();
        Enrolment authority = enrolment(one);
        authority.init(unnamed, unnamed, "rehearsal", Duration.ofDays(1));
        NodeDaemon first = NodeDaemon.start(DaemonConfig.load(one.config()), one, libexec, PACE);
        try {
            enrolment(two).join(unnamed, authority.token(Duration.ofMinutes(10), 1), unnamed, unnamed);
            NodeDaemon second = NodeDaemon.start(DaemonConfig.load(two.config()), two, libexec, PACE);
            try {
                awaitBoth(one);
                awaitBoth(two);
                runJobs(one);
                COMMAND_CACHE.ifPresent(cache -> rehearseCommand(one, cache));
            } finally {
                second.close();
            }
        } finally {
            first.close();
            endKeepers();
        }
    }

    private Places placesOf(String node) throws StartFailure, IOException {
        Path state = places.state().resolve(node);
        if (Files.exists(state))
            throw new StartFailure(state + " exists already: a rehearsal makes nodes of its own, choose empty folders"
                    + " with DROVER_STATE_DIR, DROVER_RUN_DIR and DROVER_CONFIG");
        Path configuration = Optional.ofNullable(places.config().getParent()).orElse(Path.of("."));
        Files.createDirectories(configuration);
        return new Places(
                configuration.resolve(node + ".properties"), state, places.run().resolve(node));
    }

    private static void configure(Places of, String node) throws IOException {
        List<Integer> ports = freePorts(3);
        Files.writeString(
                of.config(),
                "name=" + node + "\naddress=127.0.0.1\ndata-port=" + ports.get(0) + "\nenrol-port=" + ports.get(1)
                        + "\nmembership-port=" + ports.get(2) + "\n");
    }

    /// Ports that nobody listens on now. A daemon of this machine may have the usual ones.
    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> held = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) held.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            return held.stream().map(ServerSocket::getLocalPort).toList();
        } finally {
            for (ServerSocket each : held) each.close();
        }
    }

    private static Enrolment enrolment(Places of) {
        return new Enrolment(new SecurityPlaces(of.config(), of.state()), InstantSource.system());
    }

    /// Until this node's daemon lists both as up, with their load.
    private static void awaitBoth(Places asked) throws IOException, StartFailure {
        long deadline = System.nanoTime() + CONVERGENCE_LIMIT.toNanos();
        while (true) {
            int up = 0;
            for (JsonNode node : nodes(asked.run().resolve("drover.sock")))
                if (node.path("state").asText().equals("up") && node.hasNonNull("load")) up++;
            if (up == 2) return;
            if (System.nanoTime() - deadline > 0)
                throw new StartFailure("the two nodes of the rehearsal did not find each other within "
                        + CONVERGENCE_LIMIT.toSeconds() + " s");
            pause();
        }
    }

    private static JsonNode nodes(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            new LocalFrameWriter(channel)
                    .write(new LocalFrame(
                            DaemonSocket.COMMAND, "{\"command\":\"nodes\"}".getBytes(StandardCharsets.UTF_8)));
            LocalFrame answer = new LocalFrameReader(channel)
                    .read()
                    .orElseThrow(() -> new IOException("the daemon closed the connection"));
            return new ObjectMapper().readTree(answer.fields().rest()).path("result");
        }
    }

    /// Jobs need the keeper, which needs root, and namespaces: without them the rest of the rehearsal still
    /// counts.
    private void runJobs(Places home) throws IOException {
        List<Path> folders = new ArrayList<>();
        try {
            for (int i = 0; i < FOLDERS; i++) folders.add(smallFiles());
            for (int i = 0; i < JOBS; i++) if (!rehearse(home, "ls -l /etc >/dev/null")) return;
            for (Path folder : folders)
                if (!rehearse(home, "cat %1$s/* >/dev/null; cat %1$s/* >/dev/null".formatted(folder))) return;
            LOG.info("rehearsed {} jobs", JOBS + FOLDERS);
        } finally {
            for (Path folder : folders) delete(folder);
        }
    }

    private static Path smallFiles() throws IOException {
        Path folder = Files.createTempDirectory("drover-rehearsal");
        for (int i = 0; i < FILES; i++) Files.write(folder.resolve("f" + i), new byte[FILE_BYTES]);
        return folder;
    }

    private static void delete(Path folder) throws IOException {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) Files.delete(file);
        }
        Files.delete(folder);
    }

    private boolean rehearse(Places home, String script) throws IOException {
        Optional<String> trouble = runJob(home, script);
        trouble.ifPresent(why -> LOG.warn("no more jobs are rehearsed: {}", why));
        return trouble.isEmpty();
    }

    private Optional<String> runJob(Places home, String script) throws IOException {
        return drover(home, Optional.empty(), "run", "--node", SECOND, "--", "/bin/sh", "-c", script);
    }

    /// A list asks, reads an answer and makes a table, as most commands do.
    private void rehearseCommand(Places home, String cache) {
        try {
            drover(home, Optional.of("-XX:AOTCacheOutput=" + cache), "ps", "--all")
                    .ifPresent(why -> LOG.warn("no command was rehearsed: {}", why));
        } catch (IOException e) {
            LOG.warn("no command was rehearsed", e);
        }
    }

    /// @param javaOptions for a command that is a Java program; this process's own are about this process
    /// @return what went wrong
    private Optional<String> drover(Places home, Optional<String> javaOptions, String... words) throws IOException {
        Path log = home.run().resolve("command.log");
        List<String> command = new ArrayList<>(List.of(words));
        command.addFirst(libexec.resolveSibling("bin").resolve("drover").toString());
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("DROVER_RUN_DIR", home.run().toString());
        builder.environment().remove("JAVA_TOOL_OPTIONS");
        javaOptions.ifPresent(options -> builder.environment().put("JAVA_TOOL_OPTIONS", options));
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .start();
        try {
            if (!process.waitFor(COMMAND_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                process.destroyForcibly();
                return Optional.of("one did not end within " + COMMAND_LIMIT.toSeconds() + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.of("interrupted");
        }
        if (process.exitValue() == 0) return Optional.empty();
        return Optional.of("exit status " + process.exitValue() + ": "
                + Files.readString(log).strip());
    }

    /// Keepers outlive their daemons, but these have nothing more to keep.
    private void endKeepers() {
        String folder = places.run().toString();
        ProcessHandle.allProcesses()
                .filter(process -> process.info()
                        .command()
                        .filter(it -> it.endsWith("/drover-keeper"))
                        .isPresent())
                .filter(process -> process.info()
                        .commandLine()
                        .filter(it -> it.contains(folder + "/"))
                        .isPresent())
                .forEach(ProcessHandle::destroy);
    }

    private static void pause() {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
