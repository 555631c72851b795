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

    private static final int SHOWN = 14;

    private final Random random = new Random(SEED);
    private final RandomOperations operations = new RandomOperations(random);
    private final Deque<String> history = new ArrayDeque<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<FileAgent> agents = new ArrayList<>();
    private final long firstBoot = FileServerConfig.bootNow();
    private FileModel model = new FileModel();
    private TwoNodes nodes;
    private Path work;
    private final Set<Integer> replaced = new HashSet<>();
    private int restarts;
    private final Looks looks = new Looks();
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
        System.out.println("coherence: seed " + SEED + ", " + counts + ", " + looks.late()
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
            looks.see(agents.getFirst(), List.of("x"), home().look(List.of("x")), false);
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
        Operation operation = operations.next(model, agent, RandomOperations.ALL);
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
        List<Operation> all = new ArrayList<>();
        do {
            all.clear();
            for (FileAgent agent : who) all.add(operations.next(model, agent, RandomOperations.ATOMIC));
        } while (!RandomOperations.areInOrder(all.get(0), all.get(1)));
        for (int i = 0; i < who.size(); i++) who.get(i).begin(all.get(i));
        List<Operation> done = new ArrayList<>();
        for (int i = 0; i < who.size(); i++) {
            String answer = who.get(i).end();
            note(who.get(i).name + " at once: " + all.get(i) + " -> " + answer);
            if (answer.startsWith("ok")) done.add(all.get(i));
        }
        settle(done);
        boolean nodesOnly = who.stream().allMatch(agent -> agent.node == 0);
        Set<String> paths = new LinkedHashSet<>();
        for (Operation operation : all) paths.addAll(RandomOperations.pathsOf(operation));
        // of two nodes that change one directory, one may see it a moment late
        check(paths, !nodesOnly, true);
        count("together");
    }

    private void settle(List<Operation> done) throws IOException {
        List<String> all = RandomOperations.universe();
        String truth = Looks.withoutTimes(home().look(all));
        for (List<Operation> order : List.of(done, done.reversed())) {
            Map<String, FileModel.File> held = new HashMap<>();
            for (FileAgent agent : agents) agent.held.forEach((number, file) -> held.put(agent.name + number, file));
            FileModel copy = model.copy(held);
            boolean possible = true;
            for (Operation operation : order) possible &= copy.apply(operation, Map.of());
            if (!possible || !truth.equals(Looks.described(copy, all))) continue;
            model = copy;
            for (FileAgent agent : agents) agent.held.replaceAll((number, file) -> held.get(agent.name + number));
            return;
        }
        throw new AssertionError(
                "no order explains what is at home: " + truth + " before " + Looks.described(model, all));
    }

    /// A node is not reached for a moment, while an operation is under way there, elsewhere, or at home.
    private void cut() throws Exception {
        TwoNodes.Side side = nodes.sides.get(random.nextInt(2));
        FileAgent agent = agents.get(random.nextInt(3));
        Operation operation = operations.next(model, agent, RandomOperations.ALL);
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
        Operation operation = operations.next(model, agent, RandomOperations.ALL);
        side.end();
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
        Operation operation = operations.next(model, agent, RandomOperations.ATOMIC);
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
        check(RandomOperations.pathsOf(operation), byHome, random.nextBoolean());
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
        if (!Looks.withoutTimes(truth).equals(Looks.described(model, paths)))
            throw new AssertionError("at home: " + truth + " not " + Looks.described(model, paths));
        for (FileAgent agent : agents.subList(0, 2)) {
            looks.see(agent, paths, truth, wait);
            for (String number : agent.held.keySet()) looks.seeHeld(agent, number, late);
        }
    }
}
