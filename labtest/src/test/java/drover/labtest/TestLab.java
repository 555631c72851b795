package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/// A lab of the installed programs, reached only by the command line. The home of all jobs is n1.
///
/// Where a job runs is never believed: it is looked for from outside, among the machine's processes.
final class TestLab implements AutoCloseable {
    private static final JsonMapper JSON = new JsonMapper();
    private static final Duration UP_LIMIT = Duration.ofMinutes(5);
    /// The clocks of a lab's nodes differ by this much from node to node.
    private static final int CLOCK_STEP_SECONDS = 1009;

    /// What becomes of a lab that a class closes.
    private enum Whose {
        THE_CLASS,
        MANY_CLASSES,
        THE_CALLER
    }

    private final String name;
    private final Path drover;
    private final Whose whose;

    private TestLab(String name, Path drover, Whose whose) {
        this.name = name;
        this.drover = drover;
        this.whose = whose;
    }

    /// A lab that is converged; skips the test, and says why, where no lab can be. `-Ddrover.lab=NAME` takes
    /// one that is up already, and leaves it so: for work on a single test.
    static TestLab up(String part, int nodes, String... options) throws Exception {
        return up(Whose.THE_CLASS, part, nodes, options);
    }

    /// As [#up], for one class after the other ([SharedLabs]).
    static TestLab shared(String part, int nodes) throws Exception {
        return up(Whose.MANY_CLASSES, part, nodes);
    }

    private static TestLab up(Whose whose, String part, int nodes, String... options) throws Exception {
        needRoot();
        Path drover = drover();
        String given = System.getProperty("drover.lab");
        if (given != null) return new TestLab(given, drover, Whose.THE_CALLER);
        TestLab lab = new TestLab("t-" + part + "-" + ProcessHandle.current().pid(), drover, whose);
        List<String> words = new ArrayList<>(List.of("up", "--nodes", Integer.toString(nodes)));
        words.addAll(List.of(options));
        try {
            lab.lab(UP_LIMIT, words.toArray(String[]::new));
        } catch (AssertionError | Exception e) {
            lab.down();
            throw e;
        }
        return lab;
    }

    /// The program that is tried.
    static Path drover() {
        String image = System.getProperty("drover.image", "../dist/target/image");
        Path drover = Path.of(image, "bin/drover").toAbsolutePath().normalize();
        assertTrue(Files.isExecutable(drover), drover + " is not there: package the module dist first");
        return drover;
    }

    /// Skips the test, and says why, where no lab can be.
    static void needRoot() {
        String user = System.getProperty("user.name");
        if (!user.equals("root")) System.out.println("SKIPPED: a lab needs root, and this is " + user);
        Assumptions.assumeTrue(user.equals("root"), "a lab needs root");
    }

    /// Skips the test, and says why, where nothing can move.
    static void needCriu() {
        boolean criu = Stream.of("/usr/local/lib/drover/criu/bin/criu", "/usr/sbin/criu")
                .anyMatch(place -> Files.isExecutable(Path.of(place)));
        if (!criu) System.out.println("SKIPPED: nothing moves without CRIU; as root: setup/criu");
        Assumptions.assumeTrue(criu, "nothing moves without CRIU");
    }

    /// `drover lab WORDS`, which must succeed.
    String lab(String... words) throws Exception {
        return lab(Command.LIMIT, words);
    }

    private String lab(Duration limit, String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of(drover.toString(), "lab"));
        command.addAll(List.of(words));
        command.addAll(List.of("--name", name));
        return Command.run(command, limit).orFail();
    }

    private List<String> words(String node, List<String> options, String... command) {
        List<String> words = new ArrayList<>(List.of("/run/drover-lab/" + name + "/exec", node));
        words.addAll(options);
        words.add("--");
        words.addAll(List.of(command));
        return words;
    }

    /// Runs a command in a node, as root.
    Outcome at(String node, String... command) throws Exception {
        return Command.run(words(node, List.of(), command), Command.LIMIT);
    }

    Outcome at(Duration limit, String node, String... command) throws Exception {
        return Command.run(words(node, List.of(), command), limit);
    }

    Outcome as(String user, String node, String... command) throws Exception {
        return Command.run(words(node, List.of("--user", user), command), Command.LIMIT);
    }

    /// Runs a script by a node's own shell; it must succeed.
    String sh(String node, String script) throws Exception {
        return at(node, "sh", "-c", script).orFail();
    }

    /// Gives n1 the users ann, who may run jobs, and bob; the other nodes do not know them.
    void addUsers() throws Exception {
        sh("n1", """
                id ann 2>/dev/null && exit
                echo 'drover:x:7001:ann' >> /etc/group; echo 'friends:x:7002:ann' >> /etc/group
                echo 'ann:x:7010:7010::/home/ann:/bin/sh' >> /etc/passwd; echo 'ann:x:7010:' >> /etc/group
                echo 'bob:x:7011:7011::/home/bob:/bin/sh' >> /etc/passwd; echo 'bob:x:7011:' >> /etc/group
                mkdir -p /home/ann /home/bob; chown 7010:7010 /home/ann; chown 7011:7011 /home/bob""");
        openToUsers("n1");
    }

    /// Lets the node's ordinary users reach the installed programs, on its own disk: the checkout may be in
    /// root's home, which Debian closes to others.
    void openToUsers(String node) throws Exception {
        for (Path at = drover.getParent().getParent().getParent(); at.getParent() != null; at = at.getParent())
            at(node, "chmod", "a+x", at.toString()).orFail();
    }

    Command start(String node, String... command) throws Exception {
        return Command.start(words(node, List.of(), command));
    }

    Command startAs(String user, String node, String... command) throws Exception {
        return Command.start(words(node, List.of("--user", user), command));
    }

    /// Starts something that outlives this call, outside the node's quota, with its output in the node's log.
    void launch(String node, String... command) throws Exception {
        Command.run(
                        words(
                                node,
                                List.of(
                                        "--group",
                                        "system",
                                        "--detach",
                                        logOf(node).toString()),
                                command),
                        Command.LIMIT)
                .orFail();
    }

    /// What the node's daemons have written.
    Path logOf(String node) {
        return Path.of("/run/drover-lab", name, "log", node + ".log");
    }

    /// The end of what a node's daemons have written, in one line, for the report of a failure.
    String lastWords(String node) throws IOException {
        return "; " + node + " wrote: " + Command.end(Files.readString(logOf(node)), 12);
    }

    /// What all daemons wrote last.
    String lastWords() throws IOException {
        StringBuilder words = new StringBuilder();
        for (int number = 1; Files.exists(logOf("n" + number)); number++) words.append(lastWords("n" + number));
        return words.toString();
    }

    /// `drover run --node NODE -- COMMAND`, on n1.
    Outcome run(String node, String... command) throws Exception {
        return at("n1", runWords(node, command));
    }

    /// The same with `--net none`.
    Outcome runWithoutNetwork(String node, String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of(runWords(node, command)));
        words.addAll(2, List.of("--net", "none"));
        return at("n1", words.toArray(String[]::new));
    }

    Command startRun(String node, String... command) throws Exception {
        return start("n1", runWords(node, command));
    }

    static String[] runWords(String node, String... command) {
        List<String> words = new ArrayList<>(List.of("drover", "run", "--node", node, "--"));
        words.addAll(List.of(command));
        return words.toArray(String[]::new);
    }

    JsonNode json(String node, String... command) throws Exception {
        return JSON.readTree(at(node, command).orFail());
    }

    /// What `drover ps [--all] --json` prints on n1.
    JsonNode jobs(boolean all) throws IOException {
        return ask("n1", Map.of("command", "ps", "all", all));
    }

    /// What `drover nodes --json` prints on n1.
    JsonNode nodes() throws IOException {
        return ask("n1", Map.of("command", "nodes"));
    }

    /// What `drover show JOB --json` prints on n1, of that job.
    JsonNode shown(long job) throws IOException {
        return ask("n1", Map.of("command", "show", "job", Long.toString(job)));
    }

    private JsonNode ask(String node, Map<String, Object> question) throws IOException {
        return new AskedDaemon(file(node, "/run/drover/drover.sock")).ask(question);
    }

    /// The newest job of n1.
    JsonNode lastJob() throws IOException {
        JsonNode last = null;
        for (JsonNode job : jobs(true))
            if (last == null || job.path("job").asLong() > last.path("job").asLong()) last = job;
        return last;
    }

    /// The machine's pid of a node's first process; 0 if the node is down. As `drover lab status` tells it, but
    /// polled too often for a JVM's start.
    long initOf(String node) throws IOException {
        Path file = Path.of("/run/drover-lab/" + name + "/nodes/" + node + "/init");
        return Files.exists(file)
                ? Long.parseLong(Files.readString(file).strip().split("\\s+")[0])
                : 0;
    }

    /// A file of a running node, as the machine sees it.
    Path file(String node, String path) throws IOException {
        return Path.of("/proc/" + initOf(node) + "/root" + path);
    }

    /// A process of the machine.
    record Seen(long pid, List<String> words) {}

    private static Stream<Seen> processes() {
        return ProcessHandle.allProcesses().flatMap(handle -> {
            try {
                String line = Files.readString(Path.of("/proc/" + handle.pid() + "/cmdline"));
                return Stream.of(new Seen(handle.pid(), List.of(line.split("\0"))));
            } catch (IOException e) {
                return Stream.empty();
            }
        });
    }

    private static boolean descends(long pid, long ancestor) {
        for (Optional<ProcessHandle> at = ProcessHandle.of(pid);
                at.isPresent();
                at = at.get().parent()) if (at.get().pid() == ancestor) return true;
        return false;
    }

    /// Waits until a guest with this last word runs below a node's keeper, and returns its pid on the machine.
    long awaitGuest(String node, String lastWord) throws Exception {
        long init = initOf(node);
        return await(
                "a guest '..." + lastWord + "' on " + node,
                () -> processes()
                        .filter(seen -> seen.words.getLast().equals(lastWord) && !seen.words.contains("run"))
                        .map(Seen::pid)
                        .filter(pid -> descends(pid, init) && belowKeeper(pid))
                        .findFirst());
    }

    private static boolean belowKeeper(long pid) {
        for (Optional<ProcessHandle> at = ProcessHandle.of(pid);
                at.isPresent();
                at = at.get().parent()) {
            try {
                if (Files.readString(Path.of("/proc/" + at.get().pid() + "/comm"))
                        .startsWith("drover-keeper")) return true;
            } catch (IOException e) {
                return false;
            }
        }
        return false;
    }

    /// Pids on the machine of all processes of a node whose command line holds a text.
    List<Long> pids(String node, String text) throws Exception {
        long init = initOf(node);
        return processes()
                .filter(seen -> String.join(" ", seen.words).contains(text) && descends(seen.pid, init))
                .map(Seen::pid)
                .toList();
    }

    /// The same of guests, without the deputies and commands that say it, too.
    List<Long> guests(String node, String text) throws Exception {
        return pids(node, text).stream().filter(TestLab::belowKeeper).toList();
    }

    /// As `drover nodes` says it.
    void awaitTakesGuests(String node, String word) throws Exception {
        awaitTrue(node + " is " + word, () -> {
            for (JsonNode each : nodes())
                if (each.path("name").asText().equals(node))
                    return each.path("takes_guests").asText().equals(word);
            return false;
        });
    }

    /// Which node runs whoever read this from /proc/uptime: the kernel tells each node another time.
    static String nodeOf(String uptimeSeconds) throws IOException {
        double machine =
                Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
        return "n" + Math.round((Double.parseDouble(uptimeSeconds) - machine) / CLOCK_STEP_SECONDS);
    }

    static <T> T await(String what, Callable<Optional<T>> found) throws Exception {
        return await(what, Command.LIMIT, found);
    }

    static <T> T await(String what, Duration limit, Callable<Optional<T>> found) throws Exception {
        long deadline = System.nanoTime() + limit.toNanos();
        while (System.nanoTime() - deadline < 0) {
            Optional<T> value = found.call();
            if (value.isPresent()) return value.get();
            Thread.sleep(100);
        }
        return fail("not within " + limit.toSeconds() + " s: " + what);
    }

    /// As [#awaitTrue(String, Callable)], for what does not last: looks that often.
    static void awaitTrue(String what, int everyMillis, Callable<Boolean> holds) throws Exception {
        long deadline = System.nanoTime() + Command.LIMIT.toNanos();
        while (!holds.call()) {
            if (System.nanoTime() - deadline > 0) fail("not within " + Command.LIMIT.toSeconds() + " s: " + what);
            Thread.sleep(everyMillis);
        }
    }

    static void awaitTrue(String what, Duration limit, Callable<Boolean> holds) throws Exception {
        await(what, limit, () -> holds.call() ? Optional.of(true) : Optional.empty());
    }

    static void awaitTrue(String what, Callable<Boolean> holds) throws Exception {
        await(what, () -> holds.call() ? Optional.of(true) : Optional.empty());
    }

    /// Waits until n1's daemon answers and sees a node so.
    void awaitState(String node, String state) throws Exception {
        awaitTrue(node + " is " + state, () -> state.equals(states().get(node)));
    }

    /// Waits until n1's daemon answers and sees these nodes as up.
    void awaitUp(List<String> nodes) throws Exception {
        awaitTrue(nodes + " are up", () -> {
            Map<String, String> states = states();
            return nodes.stream().allMatch(node -> "up".equals(states.get(node)));
        });
    }

    /// Starts those of these nodes that were killed, and waits until all are up.
    void makeWhole(List<String> nodes) throws Exception {
        for (String node : nodes) if (initOf(node) == 0) lab("start", node);
        awaitUp(nodes);
    }

    /// The state of each node as n1's daemon sees it; empty while it does not answer.
    private Map<String, String> states() {
        Map<String, String> states = new TreeMap<>();
        try {
            for (JsonNode each : nodes())
                states.put(each.path("name").asText(), each.path("state").asText());
        } catch (IOException e) {
            return Map.of();
        }
        return states;
    }

    @Override
    public void close() throws IOException {
        switch (whose) {
            case THE_CALLER -> {}
            case THE_CLASS -> down();
            case MANY_CLASSES -> {
                if (isAsNew()) SharedLabs.give(this);
                else down();
            }
        }
    }

    /// Removes what a class has left.
    void clear() throws Exception {
        for (String node : states().keySet()) sh(node, "rm -rf /srv/*");
    }

    /// Whether all nodes are up and no job of n1 is left. What was killed may need a moment to end.
    private boolean isAsNew() {
        try {
            awaitTrue("it is as new", Duration.ofSeconds(5), () -> {
                Map<String, String> states = states();
                Set<String> nodes = names(); // of which n1 may not know yet, or may not know yet that one was killed
                return states.keySet().equals(nodes)
                        && states.values().stream().allMatch("up"::equals)
                        && areBooted(nodes)
                        && jobs(false).isEmpty();
            });
            return true;
        } catch (AssertionError | Exception e) {
            System.out.println(name + " is not lent again: " + states() + ", " + left());
            return false;
        }
    }

    private Set<String> names() throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/run/drover-lab/" + name + "/nodes"))) {
            return all.map(node -> node.getFileName().toString()).collect(Collectors.toSet());
        }
    }

    private boolean areBooted(Set<String> nodes) throws IOException {
        for (String node : nodes) if (initOf(node) == 0) return false;
        return true;
    }

    private String left() {
        try {
            return jobs(false).toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// Takes it down.
    void down() {
        try {
            Command.run(List.of(drover.toString(), "lab", "down", "--name", name), UP_LIMIT);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
