package drover.lab.experiments;

import drover.lab.namespaces.Lab;
import drover.lab.namespaces.LabException;
import drover.lab.namespaces.LabNode;
import drover.lab.namespaces.Programs;
import drover.lab.scenarios.Progress;
import drover.model.NodeId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/// Makes one run: prepares an empty directory at home, lets a system do the sub-jobs there, measures, checks.
final class Runner {
    /// A directory of home that POV-Ray may write to as packaged.
    private static final String WORK = "/tmp/drover-experiment";

    /// Far beyond any run worth making; a run that hangs must end some time.
    private static final Duration RUN_LIMIT = Duration.ofHours(2);

    private static final int PROBLEMS_KEPT = 20;

    private final Lab lab;
    private final Workload workload;
    private final Progress progress;
    private final Path keep;

    /// Prepares runs of a workload on a lab.
    ///
    /// @param keep where the checked results go that are worth looking at
    Runner(Lab lab, Workload workload, Progress progress, Path keep) {
        this.lab = lab;
        this.workload = workload;
        this.progress = progress;
        this.keep = keep;
    }

    Sample run(RunSystem system, int nodeCount, int repeat) throws IOException {
        List<NodeId> nodes = lab.plan().nodeIds().subList(0, nodeCount);
        List<SubJob> jobs = system == RunSystem.WHOLE
                ? List.of(workload.whole()
                        .orElseThrow(() -> new LabException(workload.name() + " has no whole to compare with")))
                : workload.subJobs();
        Path work = lab.fileOf(nodes.getFirst(), WORK);
        deleteTree(work);
        Files.createDirectories(work);
        PeerSsh peer = new PeerSsh(lab, nodes);
        Files.writeString(work.resolve("run.sh"), "cd " + WORK + " || exit 1\n" + script(system, jobs, nodes, peer));
        Files.writeString(work.resolve("jobs"), Script.parallelInput(jobs));
        if (system == RunSystem.PARALLEL) peer.start();
        String label = system.word() + " on " + nodeCount + (nodeCount == 1 ? " node" : " nodes");
        Meter meter = new Meter(lab, nodes);
        Programs.Outcome outcome = watch(at(system, nodes.getFirst()), work, jobs.size(), label);
        Sample sample = meter.stop(system, repeat, jobs.size());
        if (system == RunSystem.PARALLEL) collectStreams(work, jobs, peer);
        List<String> problems = new ArrayList<>();
        if (!outcome.succeeded())
            problems.add("exit status " + outcome.exitStatus() + ": "
                    + outcome.errors().strip());
        problems.addAll(failures(work, jobs));
        if (system == RunSystem.WHOLE && !problems.isEmpty())
            throw new LabException("cannot make what all results are compared with: " + problems.getFirst());
        Verdict verdict = workload.verify(work, keep);
        problems.addAll(verdict.problems());
        deleteTree(work);
        return withVerdict(
                sample, verdict.lost(), problems.stream().limit(PROBLEMS_KEPT).toList());
    }

    private static String script(RunSystem system, List<SubJob> jobs, List<NodeId> nodes, PeerSsh peer) {
        return switch (system) {
            case WHOLE, SHELL -> Script.shell(jobs);
            case DROVER -> Script.drover(jobs, nodes);
            case PARALLEL -> peer.parallelCommand();
        };
    }

    /// The peer's dispatcher is spared home's quota; Drover's deputies are not.
    private LabNode at(RunSystem system, NodeId home) {
        return switch (system) {
            case WHOLE, SHELL, DROVER -> lab.at(home);
            case PARALLEL -> lab.systemOf(home);
        };
    }

    private Programs.Outcome watch(LabNode at, Path work, int jobs, String label) {
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var running = CompletableFuture.supplyAsync(() -> at.run(RUN_LIMIT, "sh", WORK + "/run.sh"), threads);
            while (true) {
                try {
                    return running.get(1, TimeUnit.SECONDS);
                } catch (TimeoutException e) {
                    progress.at(label, Math.min(done(work), jobs), jobs);
                } catch (ExecutionException e) {
                    throw new LabException(label + ": " + e.getCause().getMessage(), e);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new LabException("interrupted", e);
                }
            }
        }
    }

    private static int done(Path work) {
        Path log = work.resolve(PeerSsh.JOB_LOG);
        try (Stream<Path> files = Files.list(work)) {
            if (Files.exists(log)) return Files.readAllLines(log).size() - 1; // below a heading
            return (int)
                    files.filter(file -> file.toString().endsWith(".status")).count();
        } catch (IOException e) {
            return 0;
        }
    }

    private static void collectStreams(Path work, List<SubJob> jobs, PeerSsh peer) throws IOException {
        for (SubJob job : jobs) {
            Path output = work.resolve(peer.outputOf(job));
            if (Files.exists(output)) Files.move(output, work.resolve(job.result()));
        }
    }

    /// What sub-jobs that ended with another status than 0 had to say.
    private static List<String> failures(Path work, List<SubJob> jobs) throws IOException {
        List<String> found = new ArrayList<>();
        for (SubJob job : jobs) {
            Path status = work.resolve(job.name() + ".status");
            if (!Files.exists(status)) continue; // the peer keeps none
            String text = Files.readString(status).strip();
            if (!text.equals("0")) found.add(job.name() + " ended with " + text + ": " + lastLine(work, job));
        }
        return found;
    }

    private static String lastLine(Path work, SubJob job) throws IOException {
        Path errors = work.resolve(job.name() + ".err");
        if (!Files.exists(errors)) return "";
        String[] lines = Files.readString(errors).strip().split("\n", -1);
        return lines[lines.length - 1];
    }

    private static Sample withVerdict(Sample it, int lost, List<String> problems) {
        return new Sample(
                it.system(),
                it.nodes(),
                it.repeat(),
                it.seconds(),
                it.cpuSeconds(),
                it.homeCpuSeconds(),
                it.daemonCpuSeconds(),
                it.utilisation(),
                it.machineIdle(),
                it.jobs(),
                lost,
                it.linkBytes(),
                problems);
    }

    private static void deleteTree(Path directory) throws IOException {
        if (!Files.exists(directory)) return;
        try (Stream<Path> below = Files.walk(directory)) {
            for (Path each : below.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(each);
        }
    }
}
