package drover.homefs;

import drover.homefs.FileModel.Operation;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;

/// What agents are told to do: a seed makes the same operations again. Few names in few places, so that operations
/// get in each other's way. Not thread safe.
final class RandomOperations {
    private static final List<String> NAMES = List.of("x", "y", "z");
    /// In the tree's root there are enough to be foreseen.
    private static final List<String> TOP = List.of("q", "r", "s", "t", "u", "w", "x", "y", "z");
    /// Those that one system call makes, so that two of them happen in one order or the other.
    static final List<String> ATOMIC = List.of(
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

    static final List<String> ALL = List.of(
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

    private final Random random;

    RandomOperations(Random random) {
        this.random = random;
    }

    /// One of these kinds, for that agent to do.
    Operation next(FileModel model, FileAgent agent, List<String> kinds) {
        String kind = kinds.get(random.nextInt(kinds.size()));
        boolean whole = !kinds.equals(ATOMIC);
        return switch (kind) {
            case "create" -> Operation.of(kind, path(model), whole ? text() : "n*0");
            case "replace", "append" -> Operation.of(kind, path(model), text());
            case "write" -> Operation.of(kind, path(model), Integer.toString(random.nextInt(6_000)), text());
            case "truncate" -> Operation.of(kind, path(model), Integer.toString(random.nextInt(6_000)));
            case "symlink" -> Operation.of(kind, path(model), "nowhere" + random.nextInt(3));
            case "link", "rename", "exchange" -> Operation.of(kind, path(model), path(model));
            case "chmod" -> Operation.of(kind, path(model), random.nextBoolean() ? "700" : "755");
            case "chown" -> Operation.of(kind, path(model), Integer.toString(random.nextInt(3)));
            case "utimens" ->
                Operation.of(kind, path(model), Long.toString(random.nextLong(1_000_000_000_000_000_000L)));
            case "setxattr" -> Operation.of(kind, path(model), "k" + random.nextInt(2), "v" + random.nextInt(9));
            case "removexattr" -> Operation.of(kind, path(model), "k" + random.nextInt(2));
            case "hold" -> Operation.of(kind, unused(agent), path(model));
            case "held" -> held(model, agent);
            default -> Operation.of(kind, path(model));
        };
    }

    private static String unused(FileAgent agent) {
        for (int number = 0; ; number++)
            if (!agent.held.containsKey(Integer.toString(number))) return Integer.toString(number);
    }

    private Operation held(FileModel model, FileAgent agent) {
        if (agent.held.isEmpty()) return Operation.of("hold", "0", path(model));
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
    private String path(FileModel model) {
        List<String> there = model.paths();
        if (!there.isEmpty() && random.nextInt(3) != 0) return there.get(random.nextInt(there.size()));
        int depth = 1 + random.nextInt(3);
        StringBuilder path = new StringBuilder();
        path.append(TOP.get(random.nextInt(TOP.size())));
        for (int i = 1; i < depth; i++) path.append("/").append(NAMES.get(random.nextInt(NAMES.size())));
        return path.toString();
    }

    /// Whether two operations at one moment have an outcome that one order or the other explains.
    static boolean areInOrder(Operation one, Operation other) {
        return !movesAway(one, other)
                && !movesAway(other, one)
                && !movesBoth(one, other)
                && !movesBoth(other, one)
                && !linksAnew(one, other)
                && !linksAnew(other, one);
    }

    /// Whether a link is to give a file the very name it is found by, that another operation may make free in
    /// between.
    private static boolean linksAnew(Operation link, Operation other) {
        return link.kind().equals("link")
                && link.word(1).equals(link.word(2))
                && pathsOf(other).contains(link.word(1));
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

    /// Paths that it may change, and those that lead there.
    static Set<String> pathsOf(Operation operation) {
        Set<String> paths = new LinkedHashSet<>();
        for (String word : operation.words().subList(1, operation.words().size()))
            if (TOP.contains(word.substring(0, 1)) && !word.contains("*"))
                for (String path = word; ; path = path.substring(0, path.lastIndexOf('/'))) {
                    paths.add(path);
                    if (path.indexOf('/') < 0) break;
                }
        return paths;
    }

    /// All paths that there may be.
    static List<String> universe() {
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
}
