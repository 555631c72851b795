package drover.cli.tui;

import com.fasterxml.jackson.databind.JsonNode;
import drover.cli.connection.CommandFailedException;
import drover.cli.table.JobsTable;
import drover.cli.table.NodesTable;
import drover.cli.table.Table;
import drover.cli.table.Units;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Nodes above, jobs below, redrawn every second. One thread.
public final class TopScreen {
    /// Asks the daemon for one list.
    @FunctionalInterface
    public interface Question {
        JsonNode ask() throws CommandFailedException;
    }

    private static final int LEAST_ROWS = 6;
    private static final int LEAST_COLUMNS = 30;

    private static final String OTHER_SCREEN = "\u001b[?1049h\u001b[?25l";
    private static final String BACK = "\u001b[?25h\u001b[?1049l";
    private static final String TO_TOP = "\u001b[H";
    private static final String CLEAR_LINE_END = "\u001b[K";
    private static final String CLEAR_BELOW = "\u001b[J";

    private final Question nodes;
    private final Question jobs;

    public TopScreen(Question nodes, Question jobs) {
        this.nodes = nodes;
        this.jobs = jobs;
    }

    /// The view as plain lines.
    public List<String> once(int columns) throws CommandFailedException {
        return lines(nodes.ask(), jobs.ask(), Integer.MAX_VALUE, columns);
    }

    /// Redraws until q is pressed. A daemon that is away is shown as such, and looked for again.
    public void live(Terminal terminal, PrintStream out) throws CommandFailedException {
        Optional<String> saved = terminal.stty("-g").map(String::trim);
        // A read then returns what was typed, or nothing after a second: the pace of the view.
        if (saved.isEmpty()
                || terminal.stty("-icanon", "-echo", "min", "0", "time", "10").isEmpty())
            throw new CommandFailedException("cannot set the terminal " + terminal.device() + " with stty(1)", 1);
        Thread restore = new Thread(() -> restore(terminal, saved.get(), out), "restore-terminal");
        Runtime.getRuntime().addShutdownHook(restore);
        out.print(OTHER_SCREEN);
        try (FileInputStream keys = new FileInputStream(terminal.device().toFile())) {
            boolean goOn = true;
            while (goOn) {
                draw(terminal, out);
                int key = keys.read();
                goOn = key != 'q' && key != 'Q';
            }
        } catch (IOException e) {
            throw new CommandFailedException(
                    "cannot read the terminal " + terminal.device() + ": " + e.getMessage(), 1, e);
        } finally {
            Runtime.getRuntime().removeShutdownHook(restore);
            restore(terminal, saved.get(), out);
        }
    }

    private void draw(Terminal terminal, PrintStream out) {
        Terminal.Size size = terminal.size().orElse(new Terminal.Size(24, 80));
        List<String> lines;
        try {
            lines = lines(nodes.ask(), jobs.ask(), size.rows(), size.columns());
        } catch (CommandFailedException e) {
            lines = wrapped(Table.printable(e.getMessage()), size);
        }
        StringBuilder frame = new StringBuilder(TO_TOP);
        for (int i = 0; i < lines.size(); i++)
            frame.append(i == 0 ? "" : "\r\n").append(lines.get(i)).append(CLEAR_LINE_END);
        out.print(frame.append(CLEAR_BELOW));
        out.flush();
    }

    static List<String> wrapped(String text, Terminal.Size size) {
        List<String> out = new ArrayList<>();
        for (int from = 0; from < text.length() && out.size() < size.rows(); from += size.columns())
            out.add(text.substring(from, Math.min(text.length(), from + size.columns())));
        return out;
    }

    static List<String> lines(JsonNode nodes, JsonNode jobs, int rows, int columns) {
        if (rows < LEAST_ROWS || columns < LEAST_COLUMNS) {
            String tooSmall = "terminal too small (" + LEAST_COLUMNS + "x" + LEAST_ROWS + " at least)";
            return wrapped(tooSmall, new Terminal.Size(rows, columns));
        }
        List<String> out = new ArrayList<>();
        out.add(Table.cut(summary(nodes, jobs), columns));
        out.add("");
        List<String> nodeLines = NodesTable.of(nodes).lines(columns);
        List<String> jobLines = JobsTable.of(jobs, false).lines(columns);
        int room = rows == Integer.MAX_VALUE ? rows : rows - 3;
        int forNodes = Math.min(nodeLines.size(), Math.max(2, room - Math.min(jobLines.size(), room / 2)));
        addCut(out, nodeLines, forNodes, "nodes");
        out.add("");
        addCut(out, jobLines, room - forNodes, "jobs");
        return out;
    }

    private static void addCut(List<String> out, List<String> lines, int room, String what) {
        if (lines.size() <= room) {
            out.addAll(lines);
            return;
        }
        int shown = Math.max(0, room - 1);
        out.addAll(lines.subList(0, shown));
        if (room > 0) out.add("(" + (lines.size() - shown) + " more " + what + ")");
    }

    private static String summary(JsonNode nodes, JsonNode jobs) {
        int up = 0;
        long cpus = 0;
        long free = 0;
        for (JsonNode node : nodes) {
            if (!node.path("state").asText().equals("up")) continue;
            up++;
            cpus += node.path("cpus").asLong();
            free += node.path("memory_free").asLong();
        }
        int running = 0;
        for (JsonNode job : jobs) if (job.path("state").asText().equalsIgnoreCase("running")) running++;
        return "drover: %d of %d nodes up, %d CPUs, %s free; %d jobs, %d running   (q quits)"
                .formatted(up, nodes.size(), cpus, Units.bytes(free), jobs.size(), running);
    }

    private static void restore(Terminal terminal, String saved, PrintStream out) {
        out.print(BACK);
        out.flush();
        terminal.stty(saved);
    }
}
