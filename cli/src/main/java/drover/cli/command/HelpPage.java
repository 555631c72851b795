package drover.cli.command;

import java.util.List;

/// The one page of `drover help`: every command of this version, also those that other programs of drover carry
/// out.
final class HelpPage {
    /// One line of the page.
    record Line(String usage, String says) {}

    /// Lines under a heading.
    record Part(String heading, List<Line> lines) {}

    static final List<Part> PARTS = List.of(
            new Part(
                    "Run",
                    List.of(
                            new Line("run [OPTIONS] [--] CMD...", "run a command on the best node, as if it ran here"),
                            new Line("attach JOB", "see and steer a detached job"),
                            new Line("logs JOB [--follow]", "what a detached job has written"),
                            new Line("kill JOB... [--signal S]", "send a signal to jobs (TERM)"),
                            new Line("migrate JOB NODE|home|best", "move a running job to another node"),
                            new Line("freeze JOB...", "have jobs stand still where they are"),
                            new Line("continue JOB...", "let frozen jobs go on"))),
            new Part(
                    "Look",
                    List.of(
                            new Line("nodes [--json]", "the nodes: state, load, memory, guests"),
                            new Line("ps [--all] [--json]", "the jobs that were started here"),
                            new Line("show JOB [--json]", "all about one job"),
                            new Line("why JOB [--json]", "why it runs where it runs"),
                            new Line("top", "nodes and jobs, live"))),
            new Part(
                    "Cluster",
                    List.of(
                            new Line("init", "make a cluster, with this node as its first"),
                            new Line("token", "print a token with which another node can join"),
                            new Line("join [HOST] --token T", "make this node part of a cluster"),
                            new Line("node ORDER [NODE]", "drain, undrain, block, stay: guests, and own jobs"),
                            new Line("leave", "take this node out of its cluster"),
                            new Line("revoke NODE", "shut a node out, at once"),
                            new Line("ca backup|restore FILE", "keep the cluster's certificate authority safe"),
                            new Line("daemon", "run this node (as root)"),
                            new Line("doctor", "check this machine, and say what to do"))),
            new Part(
                    "Try",
                    List.of(
                            new Line("demo", "a cluster in a box renders a picture"),
                            new Line("lab up|exec|...|down", "a cluster of namespaces on this machine"))),
            new Part(
                    "Other",
                    List.of(
                            new Line("help [COMMAND]", "this page, or a command's own"),
                            new Line("version", "the version"))));

    private HelpPage() {}

    static String text() {
        StringBuilder out = new StringBuilder("""
                Drover makes many Linux machines behave as one.

                Usage: drover COMMAND [OPTIONS]
                """);
        for (Part part : PARTS) {
            out.append('\n').append(part.heading()).append('\n');
            for (Line line : part.lines()) out.append("  %-26s %s%n".formatted(line.usage(), line.says()));
        }
        return out.append("\nA command's own options: drover COMMAND --help\n").toString();
    }

    /// The commands' names: the first word of each line.
    static List<String> names() {
        return PARTS.stream()
                .flatMap(p -> p.lines().stream())
                .map(l -> l.usage().split(" ", 2)[0])
                .toList();
    }
}
