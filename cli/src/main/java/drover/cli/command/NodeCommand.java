package drover.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `drover node`
@Command(
        name = "node",
        description = {
            "Say whether a node takes guests, and whether its own jobs leave it (as root).",
            "  drain     guests move away, no new ones are taken; returns when none is left",
            "  block     no new guests are taken",
            "  stay      its own jobs start on it only",
            "  undrain   all as usual again",
            "An order holds until undrain, also when the node is restarted."
        })
final class NodeCommand implements Callable<Integer> {
    private static final List<String> ORDERS = List.of("drain", "undrain", "stay", "block");
    private static final Duration POLL = Duration.ofMillis(500);
    /// Then it is said who is left, and where to ask why.
    private static final Duration NO_PROGRESS = Duration.ofSeconds(15);

    private final CommandContext context;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "ORDER", description = "drain, undrain, stay or block")
    private String order = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "NODE",
            description = "A node's name, as drover nodes lists it; this one, if none is given.")
    private String node = "";

    NodeCommand(CommandContext context) {
        this.context = context;
    }

    @Override
    public Integer call() throws CommandFailedException {
        if (!ORDERS.contains(order))
            throw new ParameterException(
                    spec.commandLine(), "there is no order '" + order + "': it is drain, undrain, stay or block");
        JsonNode state = ask(order);
        String name = printable(state.path("node"));
        switch (order) {
            case "drain" -> drain(name, state);
            case "block" ->
                say(name + " takes no new guests; " + count(state) + " are there. Undo: drover node undrain " + name);
            case "stay" -> say("new jobs of " + name + " stay there. Undo: drover node undrain " + name);
            default -> say(name + " takes guests, and its own jobs leave it");
        }
        return 0;
    }

    private void drain(String name, JsonNode first) throws CommandFailedException {
        long begun = System.nanoTime();
        say(name + " takes no guests any more; " + count(first)
                + " are to leave. Undo, also after Ctrl-C: drover node undrain " + name);
        int left = count(first);
        long changed = begun;
        while (left > 0) {
            pause();
            JsonNode state = ask("look");
            if (!state.path("takes_guests").asText().equals("draining"))
                throw new CommandFailedException(
                        name + " is not being drained any more: somebody ordered otherwise", 1);
            long now = System.nanoTime();
            if (count(state) != left) {
                left = count(state);
                changed = now;
                if (left > 0) say(seconds(now - begun) + " s: " + left + " left");
            } else if (now - changed > NO_PROGRESS.toNanos()) {
                changed = now;
                say(seconds(now - begun) + " s: " + left + " left: " + names(state)
                        + "; at their homes (after the @): drover why JOB");
            }
        }
        say(name + " has no guests, after " + seconds(System.nanoTime() - begun) + " s");
    }

    private JsonNode ask(String word) throws CommandFailedException {
        ObjectNode question = CommandContext.question("node").put("order", word).put("node", node);
        return context.ask(question);
    }

    private static void pause() throws CommandFailedException {
        try {
            Thread.sleep(POLL);
        } catch (InterruptedException e) {
            throw new CommandFailedException("interrupted; the order holds", 1, e);
        }
    }

    private static int count(JsonNode state) {
        return state.path("guests").asInt();
    }

    private static String names(JsonNode state) {
        List<String> names = new ArrayList<>();
        state.path("names").forEach(name -> names.add(printable(name)));
        return String.join(" ", names) + (names.size() < count(state) ? " ..." : "");
    }

    private static String printable(JsonNode text) {
        return Table.printable(text.asText());
    }

    private static String seconds(long nanos) {
        return String.format(Locale.ROOT, "%.1f", nanos / 1e9);
    }

    private void say(String line) {
        context.out().println(line);
        context.out().flush();
    }
}
