package drover.lab.experiments;

import drover.model.NodeId;
import java.util.List;
import java.util.stream.Collectors;

/// The shell scripts that hand sub-jobs to a system. They run at home, in its quota; so they do as little as
/// possible.
final class Script {
    /// Sub-jobs outstanding at once: each costs home a shell and a deputy, some 2 MB, until it is done.
    static final int MOST_OUTSTANDING = 1000;

    private Script() {}

    /// One after the other, on the node where the script runs.
    static String shell(List<SubJob> jobs) {
        StringBuilder text = new StringBuilder();
        for (SubJob job : jobs) text.append(recorded(job, quote(job.command()))).append('\n');
        return text.toString();
    }

    /// All at once: the queue is Drover's, which hands them out as nodes become free, so no node idles at the end.
    static String drover(List<SubJob> jobs, List<NodeId> nodes) {
        String where = nodes.stream().map(NodeId::name).collect(Collectors.joining(","));
        StringBuilder text = new StringBuilder();
        int outstanding = 0;
        for (SubJob job : jobs) {
            String command = "drover run --nodes " + where + " -- " + quote(job.command());
            text.append("{ ").append(recorded(job, command)).append("; } &\n");
            if (++outstanding % MOST_OUTSTANDING == 0) text.append("wait\n");
        }
        return text.append("wait\n").toString();
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
