package drover.homefs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.homefs.FileModel.Operation;
import drover.homefs.server.FileServerConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Random operations from two nodes and from home, against a model: no node believes what the lease rules
/// forbid. What a node changed, every node sees when its call has returned; what home changed, within
/// moments, and at once by what a job finds that starts after it. Links are cut and daemons restarted
/// meanwhile.
///
/// `-Ddrover.coherence.seed` runs a failure's seed again, `-Ddrover.coherence.seconds` runs longer. A seed
/// makes the same operations again, and not the same moments. Needs root and /dev/fuse.
class CoherenceCheckIT {
    private static final long SEED = Long.getLong("drover.coherence.seed", System.nanoTime());
    private static final long SECONDS = Long.getLong("drover.coherence.seconds", 30);
    /// Whether two processes of one node work at once, too. Not by default, since that finds what is not
    /// solved: what one of them looks at while the other changes it may be answered after the change, and is
    /// believed.
    private static final boolean SAME_NODE = Boolean.getBoolean("drover.coherence.same-node");

    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final int SHOWN = 14;

    private static final List<String> NAMES = List.of("x", "y", "z");
    /// In the tree's root there are enough to be foreseen.
    private static final List<String> TOP = List.of("q", "r", "s", "t", "u", "w", "x", "y", "z");
    /// Those that one system call makes, so that two of them happen in one order or the other.
    private static final List<String> ATOMIC = List.of(
            "create",
            "mkdir",
            "symlink",
            "rmdir",
            "unlink",
            "rename",
            "rename",
            "exchange",
            "link",
            "chmod",
            "chown",
            "setxattr",
            "removexattr",
            "truncate",
            "write");

    private static final List<String> ALL = List.of(
            "create",
            "create",
            "create",
            "mkdir",
            "mkdir",
            "symlink",
            "rmdir",
            "unlink",
            "unlink",
            "rename",
            "rename",
            "exchange",
            "link",
            "chmod",
            "chown",
            "setxattr",
            "removexattr",
            "utimens",
            "truncate",
            "write",
            "append",
            "replace",
            "hold",
            "held");

    private final Random random = new Random(SEED);
    private final Deque<String> history = new ArrayDeque<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<FileAgent> agents = new ArrayList<>();
    private final long firstBoot = FileServerConfig.bootNow();
    private FileModel model = new FileModel();
    private TwoNodes nodes;
    private Path work;
    private final Set<Integer> replaced = new HashSet<>();
    private int restarts;
    private int late;
    private long recalled;
    private long ahead;

    @BeforeEach
    void mount() throws IOException {
        nodes = new TwoNodes();
        for (TwoNodes.Side side : nodes.sides) side.slowDown(new SlowWire(SEED + side.index));
        work = Files.createTempDirectory("drover-coherence-check");
        Path script = work.resolve("agent.py");
        try (var source = CoherenceCheckIT.class.getResourceAsStream("agent.py")) {
            Files.copy(source, script, StandardCopyOption.REPLACE_EXISTING);
        }
        Path tree = Files.createDirectory(work.resolve("tree"));
        agents.add(start("A", 0, script, nodes.on(0, tree)));
        agents.add(start("B", 1, script, nodes.on(1, tree)));
        agents.add(start("home", -1, script, tree));
        agents.add(start("A2", 0, script, nodes.on(0, tree)));
    }

    private FileAgent start(String name, int node, Path script, Path tree) throws IOException {
        return new FileAgent(
                name, node, nodes.start(work, List.of("/usr/bin/python3", script.toString(), tree.toString())));
    }

    @AfterEach
    void unmount() {
        agents.forEach(FileAgent::close);
        nodes.run(work, List.of("rm", "-rf", work.toString()));
        nodes.close();
    }

    private FileAgent home() {
        return agents.get(2);
    }

    /// A or B.
    private FileAgent aNodes() {
        return agents.get(random.nextInt(2));
    }

    @Test
    void noNodeBelievesWhatIsNotSo() throws Exception {
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        try {
            while (System.nanoTime() < end) step();
        } catch (AssertionError | RuntimeException e) {
            throw new AssertionError(
                    e.getMessage() + " | seed " + SEED + ", after " + counts + " | " + String.join(" | ", history), e);
        }
        System.out.println("coherence: seed " + SEED + ", " + counts + ", " + late
                + " seen later than 50 ms (a busy machine's are)"
                + (SAME_NODE ? "" : ", without two processes of one node at once"));
        for (TwoNodes.Side side : nodes.sides) {
            recalled += side.mount.counters().recalled();
            ahead += side.mount.counters().namesAhead();
        }
        assertTrue(ahead > 0, "nothing was asked for ahead, seed " + SEED);
        assertTrue(recalled * 2 > counts.get("one"), "only " + recalled + " were believed, seed " + SEED);
    }

    @Test
    void aJobThatStartsSeesWhatAFileBecameUnderAnotherName() throws Exception {
        for (String order : List.of("create x a*1", "link x y")) {
            home().begin(new Operation(List.of(order.split(" ", -1))));
            home().end();
        }
        for (int round = 0; round < 10; round++) {
            long warm = System.nanoTime() + 100_000_000;
            while (System.nanoTime() < warm) agents.getFirst().look(List.of("x"));
            home().begin(Operation.of("append", "y", "b*1"));
            home().end();
            nodes.beginJob(0);
            see(agents.getFirst(), List.of("x"), home().look(List.of("x")), false);
        }
    }

    private void step() throws Exception {
        int dice = random.nextInt(1_000);
        if (dice < 780) one(agents.get(random.nextInt(3)));
        else if (dice < 860) together(List.of(agents.get(0), SAME_NODE ? agents.get(3) : home()));
        else if (dice < 900) together(List.of(aNodes(), home()));
        else if (dice < 940) together(List.of(agents.get(0), agents.get(1)));
        else if (dice < 965) cut();
        else if (dice < 975) replaceDaemon();
        else if (dice < 985) restartHome();
        else if (dice < 994) forget();
        else Thread.sleep(60); // what was leased briefly runs out, and is leased for longer next time
    }

    private void count(String what) {
        counts.merge(what, 1, Integer::sum);
    }

    private void note(String what) {
        history.add(what);
        if (history.size() > SHOWN) history.removeFirst();
    }

    private void one(FileAgent agent) throws Exception {
        Operation operation = operation(agent, ALL);
        agent.begin(operation);
        ended(agent, operation, agent.end());
        check(operation, agent.node < 0);
        count("one");
    }

    private void ended(FileAgent agent, Operation operation, String answer) {
        note(agent.name + ": " + operation + " -> " + answer);
        boolean succeeds = model.apply(operation, agent.held);
        if (succeeds != answer.startsWith("ok"))
            throw new AssertionError(
                    agent.name + " must " + (succeeds ? "succeed" : "fail") + ": " + operation + " -> " + answer);
    }

    /// Operations at one moment: one order must explain what has become of them.
    private void together(List<FileAgent> who) throws Exception {
        List<Operation> operations = new ArrayList<>();
        do {
            operations.clear();
            for (FileAgent agent : who) operations.add(operation(agent, ATOMIC));
        } while (movesAway(operations.get(0), operations.get(1))
                || movesAway(operations.get(1), operations.get(0))
                || movesBoth(operations.get(0), operations.get(1))
                || movesBoth(operations.get(1), operations.get(0)));
        for (int i = 0; i < who.size(); i++) who.get(i).begin(operations.get(i));
        List<Operation> done = new ArrayList<>();
        for (int i = 0; i < who.size(); i++) {
            String answer = who.get(i).end();
            note(who.get(i).name + " at once: " + operations.get(i) + " -> " + answer);
            if (answer.startsWith("ok")) done.add(operations.get(i));
        }
        settle(done);
        boolean nodesOnly = who.stream().allMatch(agent -> agent.node == 0);
        Set<String> paths = new LinkedHashSet<>();
        for (Operation operation : operations) paths.addAll(pathsOf(operation));
        // of two nodes that change one directory, one may see it a moment late
        check(paths, !nodesOnly, true);
        count("together");
    }

    /// Whether one operation moves both names of another: they are looked up one after the other. If they are
    /// exchanged in between, a rename finds one file under both, and nothing to do; and a link may find its file
    /// before it is moved away, and the new name after.
    private static boolean movesBoth(Operation mover, Operation other) {
        return moves(mover)
                && (moves(other) || other.kind().equals("link"))
                && List.of(mover.word(1), mover.word(2)).containsAll(List.of(other.word(1), other.word(2)));
    }

    private static boolean moves(Operation operation) {
        return operation.kind().equals("rename") || operation.kind().equals("exchange");
    }

    /// Whether one operation moves a directory that another's path leads through: a path is followed step by
    /// step, and no order explains what comes of that.
    private static boolean movesAway(Operation mover, Operation other) {
        if (!moves(mover)) return false;
        return pathsOf(other).stream()
                .anyMatch(path -> path.startsWith(mover.word(1) + "/") || path.startsWith(mover.word(2) + "/"));
    }

    private void settle(List<Operation> done) throws IOException {
        List<String> all = universe();
        String truth = withoutTimes(home().look(all));
        for (List<Operation> order : List.of(done, done.reversed())) {
            Map<String, FileModel.File> held = new HashMap<>();
            for (FileAgent agent : agents) agent.held.forEach((number, file) -> held.put(agent.name + number, file));
            FileModel copy = model.copy(held);
            boolean possible = true;
            for (Operation operation : order) possible &= copy.apply(operation, Map.of());
            if (!possible || !truth.equals(described(copy, all))) continue;
            model = copy;
            for (FileAgent agent : agents) agent.held.replaceAll((number, file) -> held.get(agent.name + number));
            return;
        }
        throw new AssertionError("no order explains what is at home: " + truth + " before " + described(model, all));
    }

    private static List<String> universe() {
        List<String> paths = new ArrayList<>(List.of("."));
        for (String a : TOP) {
            paths.add(a);
            for (String b : NAMES) {
                paths.add(a + "/" + b);
                for (String c : NAMES) paths.add(a + "/" + b + "/" + c);
            }
        }
        return paths;
    }

    /// A node is not reached for a moment, while an operation is under way there, elsewhere, or at home.
    private void cut() throws Exception {
        TwoNodes.Side side = nodes.sides.get(random.nextInt(2));
        FileAgent agent = agents.get(random.nextInt(3));
        Operation operation = operation(agent, ALL);
        if (random.nextBoolean()) side.disconnect();
        agent.begin(operation);
        park(2_000);
        side.disconnect();
        park(10_000);
        side.connect();
        note("n" + (side.index + 1) + " was cut off");
        ended(agent, operation, agent.end());
        check(operation, agent.node < 0);
        count("cut");
    }

    private void replaceDaemon() throws Exception {
        TwoNodes.Side side = nodes.sides.get(random.nextInt(2));
        FileAgent agent = agents.get(random.nextInt(3));
        Operation operation = operation(agent, ALL);
        side.disconnect();
        side.mount.close();
        recalled += side.mount.counters().recalled();
        ahead += side.mount.counters().namesAhead();
        agent.begin(operation);
        park(5_000);
        side.start(0, true);
        replaced.add(side.index);
        note("n" + (side.index + 1) + " has another daemon");
        ended(agent, operation, agent.end());
        check(operation, agent.node < 0);
        count("daemon");
    }

    private void restartHome() throws Exception {
        closeAll();
        FileAgent agent = agents.get(random.nextInt(3));
        // a daemon cannot tell home what only the one before it knew: a call that home has performed fails then
        if (replaced.contains(agent.node)) agent = home();
        Operation operation = operation(agent, ATOMIC);
        agent.begin(operation);
        park(1_000);
        nodes.sides.forEach(TwoNodes.Side::disconnect);
        nodes.server.close();
        nodes.startServer(Path.of("/"), firstBoot + 100L * ++restarts);
        for (TwoNodes.Side side : nodes.sides) {
            side.connect();
            park(3_000);
        }
        note("home has restarted");
        ended(agent, operation, agent.end());
        check(operation, agent.node < 0);
        count("restart");
    }

    /// A node's kernel knows nothing any more of what is not open: what is asked for again is asked for ahead.
    private void forget() {
        TwoNodes.Side side = nodes.sides.get(random.nextInt(2));
        side.mount.isOneOf(Integer.MAX_VALUE);
        park(20_000);
        side.mount.isOneOf(1);
        note("n" + (side.index + 1) + " forgets");
        count("forget");
    }

    /// A file that has no name any more is lost with its home.
    private void closeAll() throws IOException {
        for (FileAgent agent : agents)
            for (String number : List.copyOf(agent.held.keySet())) {
                agent.begin(Operation.of("close", number));
                agent.end();
                agent.held.remove(number);
            }
    }

    private void park(int microsAtMost) {
        LockSupport.parkNanos(random.nextInt(microsAtMost) * 1_000L);
    }

    private void check(Operation operation, boolean byHome) throws Exception {
        check(pathsOf(operation), byHome, random.nextBoolean());
    }

    /// @param late whether nodes may see it a moment late, unless a job starts
    /// @param everywhere whether all there is is looked at, and not only what may have changed
    private void check(Set<String> touched, boolean late, boolean everywhere) throws Exception {
        Set<String> all = new LinkedHashSet<>(touched);
        all.add(".");
        if (everywhere) all.addAll(model.paths());
        List<String> paths = new ArrayList<>(all);
        boolean wait = late;
        if (late && random.nextInt(3) == 0) {
            nodes.beginJob(0);
            nodes.beginJob(1);
            note("a job starts");
            wait = false;
        }
        String truth = home().look(paths);
        if (!withoutTimes(truth).equals(described(model, paths)))
            throw new AssertionError("at home: " + truth + " not " + described(model, paths));
        for (FileAgent agent : agents.subList(0, 2)) {
            see(agent, paths, truth, wait);
            for (String number : agent.held.keySet()) seeHeld(agent, number, late);
        }
    }

    private void see(FileAgent agent, List<String> paths, String truth, boolean wait) throws IOException {
        long begun = System.nanoTime();
        String seen = agent.look(paths);
        while (!seen.equals(truth)) {
            if (!wait || System.nanoTime() - begun > PATIENCE_NANOS)
                throw new AssertionError(agent.name + " sees of " + paths + ": " + difference(seen, truth));
            Thread.onSpinWait();
            seen = agent.look(paths);
        }
        if (System.nanoTime() - begun > 50_000_000) late++;
    }

    /// A job that starts holds nothing yet: what others hold may be seen late after home's changes.
    private void seeHeld(FileAgent agent, String number, boolean wait) throws IOException {
        String truth = agent.held.get(number).held();
        long begun = System.nanoTime();
        while (true) {
            agent.begin(Operation.of("lookheld", number));
            String seen = agent.end();
            if (seen.equals("ok " + truth)) return;
            if (!wait || System.nanoTime() - begun > PATIENCE_NANOS)
                throw new AssertionError(agent.name + " holds as " + number + " " + seen + ", not " + truth);
        }
    }

    private static String difference(String seen, String truth) {
        String[] is = seen.split(" ; ", -1);
        String[] must = truth.split(" ; ", -1);
        List<String> differences = new ArrayList<>();
        for (int i = 0; i < must.length; i++)
            if (!is[i].equals(must[i])) differences.add("[" + i + "] " + is[i] + " not " + must[i]);
        return String.join(", ", differences);
    }

    private static String withoutTimes(String looks) {
        return looks.replaceAll("\\|[-0-9:]*", "");
    }

    private static String described(FileModel model, List<String> paths) {
        return String.join(" ; ", paths.stream().map(model::described).toList());
    }

    private static Set<String> pathsOf(Operation operation) {
        Set<String> paths = new LinkedHashSet<>();
        for (String word : operation.words().subList(1, operation.words().size()))
            if (TOP.contains(word.substring(0, 1)) && !word.contains("*"))
                for (String path = word; ; path = path.substring(0, path.lastIndexOf('/'))) {
                    paths.add(path);
                    if (path.indexOf('/') < 0) break;
                }
        return paths;
    }

    private Operation operation(FileAgent agent, List<String> kinds) {
        String kind = kinds.get(random.nextInt(kinds.size()));
        boolean whole = !kinds.equals(ATOMIC);
        return switch (kind) {
            case "create" -> Operation.of(kind, path(), whole ? text() : "n*0");
            case "replace", "append" -> Operation.of(kind, path(), text());
            case "write" -> Operation.of(kind, path(), Integer.toString(random.nextInt(6_000)), text());
            case "truncate" -> Operation.of(kind, path(), Integer.toString(random.nextInt(6_000)));
            case "symlink" -> Operation.of(kind, path(), "nowhere" + random.nextInt(3));
            case "link", "rename", "exchange" -> Operation.of(kind, path(), path());
            case "chmod" -> Operation.of(kind, path(), random.nextBoolean() ? "700" : "755");
            case "chown" -> Operation.of(kind, path(), Integer.toString(random.nextInt(3)));
            case "utimens" -> Operation.of(kind, path(), Long.toString(random.nextLong(1_000_000_000_000_000_000L)));
            case "setxattr" -> Operation.of(kind, path(), "k" + random.nextInt(2), "v" + random.nextInt(9));
            case "removexattr" -> Operation.of(kind, path(), "k" + random.nextInt(2));
            case "hold" -> Operation.of(kind, unused(agent), path());
            case "held" -> held(agent);
            default -> Operation.of(kind, path());
        };
    }

    private static String unused(FileAgent agent) {
        for (int number = 0; ; number++)
            if (!agent.held.containsKey(Integer.toString(number))) return Integer.toString(number);
    }

    private Operation held(FileAgent agent) {
        if (agent.held.isEmpty()) return Operation.of("hold", "0", path());
        List<String> numbers = List.copyOf(agent.held.keySet());
        String number = numbers.get(random.nextInt(numbers.size()));
        if (numbers.size() > 4) return Operation.of("close", number);
        return switch (random.nextInt(3)) {
            case 0 -> Operation.of("close", number);
            case 1 -> Operation.of("truncateheld", number, Integer.toString(random.nextInt(6_000)));
            default -> Operation.of("writeheld", number, Integer.toString(random.nextInt(6_000)), text());
        };
    }

    private String text() {
        int length = random.nextInt(10) == 0 ? 1 + random.nextInt(40_000) : 1 + random.nextInt(50);
        return (char) ('a' + random.nextInt(16)) + "*" + length;
    }

    /// Mostly one that there is: so operations succeed, and others get in their way.
    private String path() {
        List<String> there = model.paths();
        if (!there.isEmpty() && random.nextInt(3) != 0) return there.get(random.nextInt(there.size()));
        int depth = 1 + random.nextInt(3);
        StringBuilder path = new StringBuilder();
        path.append(TOP.get(random.nextInt(TOP.size())));
        for (int i = 1; i < depth; i++) path.append("/").append(NAMES.get(random.nextInt(NAMES.size())));
        return path.toString();
    }
}
