package drover.daemon.membership;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/// Members of one group, each a process of its own on its own loopback address. Ends them all when closed.
final class GroupOfProcesses implements AutoCloseable {
    private static final String[] JVM = {
        "-Xmx64m", "-Xss256k", "-XX:+UseSerialGC", "-XX:+UseCompactObjectHeaders", "-XX:TieredStopAtLevel=1"
    };

    final class Node {
        final String name;
        final String address;
        final List<String> lines = new CopyOnWriteArrayList<>();
        volatile Process process;

        Node(String name, String address) {
            this.name = name;
            this.address = address;
        }

        void start() throws IOException {
            List<String> command = new ArrayList<>();
            command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
            command.addAll(List.of(JVM));
            for (String option : System.getProperty("group.jvm", "").split(" ", -1))
                if (!option.isBlank()) command.add(option);
            command.add("-cp");
            command.add(System.getProperty("java.class.path"));
            command.add(MembershipNode.class.getName());
            command.addAll(List.of(name, address, keys.get(name).toString(), peers().toString()));
            process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.appendTo(
                            dir.resolve(name + ".err").toFile()))
                    .start();
            Process mine = process;
            Thread.ofVirtual().start(() -> read(mine));
        }

        private void read(Process from) {
            try (BufferedReader out =
                    new BufferedReader(new InputStreamReader(from.getInputStream(), StandardCharsets.UTF_8))) {
                for (String line = out.readLine(); line != null; line = out.readLine()) lines.add(line);
            } catch (IOException e) {
                lines.add(System.currentTimeMillis() + " [] output ended: " + e.getMessage());
            }
        }

        Path peers() {
            return dir.resolve(name + ".peers");
        }

        /// What its file of known peers says now.
        String knownPeers() {
            try {
                return Files.readString(peers());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        void command(String line) throws IOException {
            Writer in = process.outputWriter(StandardCharsets.UTF_8);
            in.write(line + "\n");
            in.flush();
        }

        void signal(String signal) throws IOException, InterruptedException {
            int status = new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid()))
                    .start()
                    .waitFor();
            if (status != 0) throw new IOException("kill -" + signal + " " + name + " gave " + status);
        }

        /// The roster it printed last, as `n1:UP,n2:DOWN`.
        String roster() {
            for (int i = lines.size() - 1; i >= 0; i--) {
                String line = lines.get(i);
                int open = line.indexOf('[');
                if (open > 0) return line.substring(open + 1, line.indexOf(']'));
            }
            return "";
        }

        boolean sees(String node, MemberState state) {
            return List.of(roster().split(",", -1)).contains(node + ":" + state);
        }

        int upCount() {
            int count = 0;
            for (String entry : roster().split(",", -1)) if (entry.endsWith(":UP")) count++;
            return count;
        }
    }

    private final Path dir;
    private final Map<String, Path> keys = new TreeMap<>();
    final List<Node> nodes = new ArrayList<>();

    /// Makes the nodes n1 to nCOUNT at 127.0.NETWORK.i; each knows the first `seeds` nodes.
    GroupOfProcesses(Path dir, int network, int count, int seeds) throws Exception {
        this.dir = dir;
        TestCertificates authority = new TestCertificates();
        for (int i = 1; i <= count; i++) {
            Node node = new Node("n" + i, "127.0." + network + "." + i);
            nodes.add(node);
            keys.put(node.name, authority.write(dir, node.name));
        }
        forgetPeers(seeds);
    }

    void forgetPeers(int seeds) throws IOException {
        for (Node node : nodes) {
            StringBuilder text = new StringBuilder();
            for (Node seed : nodes.subList(0, seeds))
                if (seed != node)
                    text.append(seed.name).append('=').append(seed.address).append(":" + MembershipNode.PORT + "\n");
            Files.writeString(node.peers(), text);
        }
    }

    void startAll() throws IOException {
        for (Node node : nodes) node.start();
    }

    /// Waits until all that are started see `count` nodes up.
    void awaitAllSee(int count, Duration limit) throws InterruptedException {
        await(
                "all see " + count + " nodes",
                limit,
                () -> nodes.stream()
                        .filter(node -> node.process != null && node.process.isAlive())
                        .allMatch(node -> node.upCount() == count));
    }

    /// Waits, and returns the milliseconds it took.
    long await(String what, Duration limit, BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            for (Node node : nodes)
                if (node.process != null && !node.process.isAlive() && node.lines.isEmpty())
                    throw new AssertionError(node.name + " did not start: " + errorsOf(node));
            if (System.nanoTime() - start > limit.toNanos())
                throw new AssertionError("not within " + limit + ": " + what + "\n" + describe());
            Thread.sleep(20);
        }
        return (System.nanoTime() - start) / 1_000_000;
    }

    private String errorsOf(Node node) {
        try {
            return Files.readString(dir.resolve(node.name + ".err"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    String describe() {
        StringBuilder text = new StringBuilder();
        for (Node node : nodes) {
            text.append(node.name).append(" sees ").append(node.roster()).append('\n');
            node.lines.stream()
                    .skip(Math.max(0, node.lines.size() - 4))
                    .forEach(line -> text.append("    ")
                            .append(line, line.indexOf(']') + 1, line.length())
                            .append('\n'));
        }
        nodes.forEach(node -> text.append(node.name).append(" logged:\n").append(errorsOf(node)));
        return text.toString();
    }

    void killAll() {
        for (Node node : nodes) if (node.process != null) node.process.destroyForcibly();
        for (Node node : nodes)
            if (node.process != null)
                node.process.onExit().orTimeout(10, TimeUnit.SECONDS).join();
        nodes.forEach(node -> node.lines.clear());
    }

    @Override
    public void close() {
        killAll();
    }
}
