package drover.lab.experiments;

import drover.model.NodeId;
import java.util.List;
import java.util.stream.Collectors;

/// The shell scripts that hand sub-jobs to a system. They run at home, in its quota; so they do as little as
/// possible.
final class Script {
    private Script() {}

    /// One after the other, on the node where the script runs.
    static String shell(List<SubJob> jobs) {
        StringBuilder text = new StringBuilder();
        for (SubJob job : jobs) text.append(recorded(job, quote(job.command()))).append('\n');
        return text.toString();
    }

    /// All into Drover's queue, which hands them out in this order as nodes become free; then waits for each.
    static String drover(List<SubJob> jobs, List<NodeId> nodes) {
        String where = nodes.stream().map(NodeId::name).collect(Collectors.joining(","));
        StringBuilder text = new StringBuilder();
        for (SubJob job : jobs)
            text.append("drover run --detach --nodes " + where + " -- " + quote(job.command()) + " >" + job.name()
                    + ".job\n");
        for (SubJob job : jobs)
            text.append("read -r job <" + job.name() + ".job; " + recorded(job, "drover attach $job"))
                    .append('\n');
        return text.toString();
    }

    /// Lines for GNU parallel: `NAME<tab>COMMAND`, whose output is the result.
    static String parallelInput(List<SubJob> jobs) {
        return jobs.stream()
                .map(job -> job.name() + "\t" + quote(job.streamed()) + "\n")
                .collect(Collectors.joining());
    }

    private static String recorded(SubJob job, String command) {
        String name = job.name();
        return command + " </dev/null >" + name + ".out 2>" + name + ".err; echo $? >" + name + ".status";
    }

    static String quote(List<String> words) {
        return words.stream().map(Script::quote).collect(Collectors.joining(" "));
    }

    private static String quote(String word) {
        return word.matches("[A-Za-z0-9_./+=:,@%-]+") ? word : "'" + word.replace("'", "'\\''") + "'";
    }
}
