package drover.lab.command;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import drover.lab.experiments.Experiment;
import drover.lab.experiments.PovrayScene;
import drover.lab.experiments.Results;
import drover.lab.experiments.RsaKeys;
import drover.lab.experiments.RunSystem;
import drover.lab.experiments.Workload;
import drover.lab.namespaces.Installation;
import drover.lab.namespaces.LabException;
import drover.lab.namespaces.LabPlan;
import drover.lab.namespaces.LabSetup;
import drover.lab.scenarios.ClusterStart;
import drover.lab.scenarios.LabStart;
import drover.lab.scenarios.Progress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

@Command(
        name = "experiment",
        description =
                "Measures real work on a lab of its own, and writes results.json, results.csv, plots and report.html.")
final class ExperimentCommand implements Callable<Integer> {
    @Spec
    picocli.CommandLine.Model.CommandSpec spec = picocli.CommandLine.Model.CommandSpec.create();

    @Parameters(paramLabel = "povray|rsa", description = "the work")
    String work = "";

    @Mixin
    PlanOptions limits = new PlanOptions();

    @Option(names = "--name", paramLabel = "L", defaultValue = "experiment", description = "the lab's name")
    String name = "experiment";

    @Option(names = "--nodes", split = ",", paramLabel = "N", defaultValue = "1,2,4,6,8,10,12,14")
    List<Integer> nodes = new ArrayList<>();

    @Option(names = "--out", paramLabel = "DIR", description = "where the results go (or, to go on: --resume DIR)")
    Path out;

    @Option(
            names = "--resume",
            paramLabel = "DIR",
            description = "make only the runs that are missing there; its other options hold, and may be added to")
    Path resume;

    @Option(names = "--scale", defaultValue = "1", description = "of the work: 0.1 is a tenth of it")
    double scale;

    @Option(names = "--bits", defaultValue = "1024", description = "of each RSA key")
    int bits;

    @Option(
            names = "--repeat",
            paramLabel = "K",
            defaultValue = "1",
            description = "runs of each on several nodes; medians are reported")
    int repeat;

    @Option(names = "--peers", split = ",", paramLabel = "parallel", description = "also run GNU parallel over ssh")
    List<String> peers = new ArrayList<>();

    @Option(names = "--peers-only", hidden = true, description = "no cluster and no Drover, for checks of the peers")
    boolean peersOnly;

    @Override
    public Integer call() throws IOException {
        LabSetup.requireRoot();
        List<String> words = spec.root().commandLine().getParseResult().originalArgs();
        if ((out == null) == (resume == null))
            throw new IllegalArgumentException(
                    "say where the results go with --out DIR, or what to resume with --resume DIR");
        Path directory = resume != null ? resume : out;
        ParseResult said = spec.commandLine().getParseResult();
        if (resume != null) said = withWordsOfBefore(words.subList(words.indexOf("experiment") + 1, words.size()));
        if (limits.cpu == null) limits.cpu = "0.10";
        if (limits.rate == null) limits.rate = "100mbit";
        int most = nodes.stream().mapToInt(Integer::intValue).max().orElseThrow();
        LabPlan plan = limits.plan(name, most);
        Workload workload = workload(most);
        List<RunSystem> systems = systems();
        Experiment.requirePrograms(workload, systems);
        Results results = new Results(directory.toAbsolutePath(), description(workload, plan, words, options(said)));
        if (resume != null) results.resume();
        else if (Files.exists(directory.resolve("samples.jsonl")))
            throw new LabException("there are results in " + directory + " already; go on with --resume " + directory
                    + ", or choose another --out");
        results.begin();
        Progress progress = Progress.onStderr();
        var experiment = new Experiment(workload, nodes, systems, repeat, true, results, progress);
        new LabStart(plan, progress, it -> {
                    if (!peersOnly) new ClusterStart(it, progress, ClusterStart.usualLimit(most)).run();
                })
                .during(experiment::run);
        Tables.print(results, System.out);
        System.out.println("report: " + directory.resolve("report.html"));
        return Tables.problems(results) ? 1 : 0;
    }

    /// The words of before hold unless they are said again; more numbers of nodes and peers are added.
    private ParseResult withWordsOfBefore(List<String> now) throws IOException {
        List<String> all = new ArrayList<>(Results.options(resume));
        all.addAll(now);
        return new CommandLine(this).setOverwrittenOptionsAllowed(true).parseArgs(all.toArray(String[]::new));
    }

    /// Without where the results are and what the lab is called: that may differ each time.
    private static List<String> options(ParseResult said) {
        List<String> options = new ArrayList<>();
        for (OptionSpec option : said.matchedOptions()) {
            String name = option.longestName();
            if (List.of("--out", "--resume", "--name").contains(name)) continue;
            if (option.originalStringValues().isEmpty()) options.add(name);
            for (String value : option.originalStringValues()) options.add(name + "=" + value);
        }
        return options;
    }

    private Workload workload(int workers) {
        return switch (work) {
            case "povray" -> new PovrayScene(scale, workers);
            case "rsa" -> new RsaKeys(scale, bits);
            default -> throw new IllegalArgumentException("there is no experiment '" + work + "', only povray and rsa");
        };
    }

    private List<RunSystem> systems() {
        List<RunSystem> systems = new ArrayList<>();
        if (!peersOnly) systems.add(RunSystem.DROVER);
        for (String peer : new LinkedHashSet<>(peers)) {
            if (!peer.equals("parallel"))
                throw new IllegalArgumentException("there is no peer '" + peer + "', only parallel");
            systems.add(RunSystem.PARALLEL);
        }
        return systems;
    }

    private ObjectNode description(Workload workload, LabPlan plan, List<String> words, List<String> options) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("experiment", workload.name());
        json.put(
                "settings",
                workload.settings() + "; quota " + plan.limits().cpu().orElseThrow() + ", links " + limits.rate);
        json.put("commit", Commit.current(Installation.find().image()));
        json.put("command", "drover " + String.join(" ", words));
        options.forEach(json.putArray("options")::add);
        json.put("kernel", System.getProperty("os.version"));
        json.put("cores", Runtime.getRuntime().availableProcessors());
        json.put("lab_nodes", plan.nodes());
        return json;
    }
}
