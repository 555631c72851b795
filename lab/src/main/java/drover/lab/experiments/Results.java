package drover.lab.experiments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Collectors;

/// What an experiment has measured so far, kept in a directory: each run is written down when it ends, so that
/// a long experiment can be resumed; rows and their files are made from the runs at any time.
public final class Results {
    private final Path directory;
    private final ObjectNode description;
    private final List<Sample> samples = new ArrayList<>();

    /// Describes a new experiment.
    ///
    /// @param description what was measured, and with what; results of another description do not mix
    public Results(Path directory, ObjectNode description) {
        this.directory = directory;
        this.description = description;
    }

    Path directory() {
        return directory;
    }

    ObjectNode description() {
        return description;
    }

    /// The options that the experiment in a directory was begun with, as words.
    ///
    /// @throws IOException when there is none
    public static List<String> options(Path directory) throws IOException {
        List<String> options = new ArrayList<>();
        description(directory).path("options").forEach(each -> options.add(each.asText()));
        return options;
    }

    private static JsonNode description(Path directory) throws IOException {
        Path file = directory.resolve("description.json");
        if (!Files.exists(file)) throw new IOException("there is no experiment in " + directory);
        return new JsonMapper().readTree(file.toFile());
    }

    /// Takes over the runs of an experiment that was interrupted.
    public void resume() throws IOException {
        var mapper = new JsonMapper();
        var earlier = description(directory);
        if (!earlier.path("settings").equals(description.path("settings")))
            throw new IOException("the experiment in " + directory + " measured " + earlier.path("settings")
                    + ", which is not " + description.path("settings"));
        Path runs = directory.resolve("samples.jsonl");
        if (Files.exists(runs))
            for (String line : Files.readAllLines(runs)) samples.add(Sample.fromJson(mapper.readTree(line)));
    }

    public void begin() throws IOException {
        Files.createDirectories(directory);
        Files.writeString(directory.resolve("description.json"), description.toPrettyString() + "\n");
    }

    public boolean has(RunSystem system, int nodes, int repeat) {
        return samples.stream()
                .anyMatch(sample -> sample.system() == system && sample.nodes() == nodes && sample.repeat() == repeat);
    }

    public void add(Sample sample) throws IOException {
        samples.add(sample);
        Files.writeString(
                directory.resolve("samples.jsonl"),
                sample.toJson() + "\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }

    public List<Sample> samples() {
        return List.copyOf(samples);
    }

    /// Medians per number of nodes.
    public List<Row> rows(RunSystem system) {
        Map<Integer, List<Sample>> byNodes = samples.stream()
                .filter(sample -> sample.system() == system)
                .collect(Collectors.groupingBy(Sample::nodes));
        return byNodes.values().stream()
                .map(Row::of)
                .sorted(Comparator.comparingInt(Row::nodes))
                .toList();
    }

    /// The table proper: one node is the plain shell, more are Drover.
    public List<Row> table() {
        List<Row> rows = new ArrayList<>(rows(RunSystem.SHELL));
        rows.addAll(rows(RunSystem.DROVER));
        return rows;
    }

    public List<Row> peers() {
        return rows(RunSystem.PARALLEL);
    }

    public double oneNodeSeconds() {
        return rows(RunSystem.SHELL).getFirst().seconds();
    }

    /// Rows of all systems: the whole work on one node, drover's table, then the peers'.
    List<Row> all() {
        List<Row> all = new ArrayList<>(rows(RunSystem.WHOLE));
        all.addAll(table());
        all.addAll(peers());
        return all;
    }

    public OptionalDouble wholeSeconds() {
        return rows(RunSystem.WHOLE).stream().mapToDouble(Row::seconds).findFirst();
    }

    /// Writes results.json (the table), results.csv (all systems), and peers.json if there were any.
    public void write() throws IOException {
        Files.writeString(directory.resolve("results.json"), json(table()).toPrettyString() + "\n");
        if (!peers().isEmpty())
            Files.writeString(directory.resolve("peers.json"), json(peers()).toPrettyString() + "\n");
        Files.writeString(directory.resolve("results.csv"), csv());
    }

    private ArrayNode json(List<Row> rows) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (Row row : rows) {
            ObjectNode json = row.toJson(oneNodeSeconds(), wholeSeconds());
            json.setAll(description);
            array.add(json);
        }
        return array;
    }

    String csv() {
        StringBuilder text = new StringBuilder("system,nodes,seconds,cpu_seconds,home_cpu_seconds,daemon_cpu_seconds,"
                + "utilisation,speedup,efficiency,jobs,lost,bytes_on_wire,machine_idle,runs,void_runs\n");
        for (Row row : all())
            text.append("%s,%d,%.3f,%.3f,%.3f,%.3f,%.4f,%.4f,%.4f,%d,%d,%d,%.4f,%d,%d%n"
                    .formatted(
                            row.system().word(),
                            row.nodes(),
                            row.seconds(),
                            row.cpuSeconds(),
                            row.homeCpuSeconds(),
                            row.daemonCpuSeconds(),
                            row.utilisation(),
                            row.speedup(oneNodeSeconds()),
                            row.efficiency(oneNodeSeconds()),
                            row.jobs(),
                            row.lost(),
                            row.bytesOnWire(),
                            row.machineIdle(),
                            row.runs(),
                            row.voidRuns()));
        return text.toString();
    }
}
