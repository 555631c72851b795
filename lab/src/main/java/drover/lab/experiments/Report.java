package drover.lab.experiments;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Locale;

/// The experiment as one page that needs nothing beside it: table, plots, picture, and how it was measured.
final class Report {
    private static final String HEAD = """
            <!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drover: NAME</title><style>
            body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
            table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
            th,td{padding:.25rem .7rem;text-align:right;border-bottom:1px solid #ddd}th:first-child,td:first-child{text-align:left}
            tr.void{color:#999}.bad{color:#b00020}img,svg{max-width:100%;height:auto}code{background:#f3f3f3;padding:0 .2rem}
            </style></head><body>
            """;

    private final Results results;
    private final List<String> plots;

    Report(Results results, List<String> plots) {
        this.results = results;
        this.plots = plots;
    }

    void write() throws IOException {
        String name = results.description().path("experiment").asText();
        StringBuilder page = new StringBuilder(HEAD.replace("NAME", escape(name)));
        page.append("<h1>").append(escape(name)).append(" on a lab of Drover nodes</h1>\n");
        results.description()
                .properties()
                .forEach(each -> page.append("<div>")
                        .append(escape(each.getKey()))
                        .append(": <code>")
                        .append(escape(
                                each.getValue().isTextual()
                                        ? each.getValue().asText()
                                        : each.getValue().toString()))
                        .append("</code></div>\n"));
        table(page);
        for (String plot : plots)
            page.append(svgOnly(Files.readString(results.directory().resolve(plot + ".svg"))))
                    .append('\n');
        picture(page);
        problems(page);
        page.append("""
                <h2>How to read it</h2><p>One node is the same sub-jobs run one after the other by a plain shell inside one
                quota. Times are medians over the runs. Utilisation is the CPU time of the work over what the quotas of all
                nodes allowed in that time; it repeats better than wall times do. Home is what the queue and the deputies used
                inside the first node's quota; outside is what daemons and keepers (or the peer's dispatcher) used beside the
                quotas. A run with less than 5 % of the machine idle is void: its nodes waited for the machine.</p></body></html>
                """);
        Files.writeString(results.directory().resolve("report.html"), page.toString());
    }

    private void table(StringBuilder page) {
        page.append(
                "<table><tr><th>system</th><th>nodes</th><th>wall s</th><th>CPU s</th><th>home s</th><th>outside s</th>"
                        + "<th>utilisation</th><th>speed-up</th><th>efficiency</th><th>over whole</th><th>lost</th><th>MB on wire</th>"
                        + "<th>idle</th><th>runs</th></tr>\n");
        double one = results.oneNodeSeconds();
        for (Row row : results.all()) {
            String overWhole = results.wholeSeconds().isPresent()
                    ? String.format(Locale.ROOT, "%.2f", results.wholeSeconds().getAsDouble() / row.seconds())
                    : "";
            page.append(String.format(
                    Locale.ROOT,
                    "<tr%s><td>%s</td><td>%d</td><td>%.1f</td><td>%.1f</td><td>%.1f</td><td>%.1f</td><td>%.3f</td><td>%.2f</td>"
                            + "<td>%.3f</td><td>%s</td><td>%d</td><td>%.1f</td><td>%.0f %%</td><td>%d%s</td></tr>\n",
                    row.isVoid() ? " class=\"void\"" : "",
                    row.system().word(),
                    row.nodes(),
                    row.seconds(),
                    row.cpuSeconds(),
                    row.homeCpuSeconds(),
                    row.daemonCpuSeconds(),
                    row.utilisation(),
                    row.speedup(one),
                    row.efficiency(one),
                    overWhole,
                    row.lost(),
                    row.bytesOnWire() / 1e6,
                    row.machineIdle() * 100,
                    row.runs(),
                    row.voidRuns() == 0 ? "" : " (" + row.voidRuns() + " void)"));
        }
        page.append("</table>\n");
    }

    private void picture(StringBuilder page) throws IOException {
        Path picture = results.directory().resolve("picture.png");
        if (!Files.exists(picture)) return;
        page.append(
                        "<h2>The picture, merged from its tiles</h2><img alt=\"the rendered scene\" src=\"data:image/png;base64,")
                .append(Base64.getEncoder().encodeToString(Files.readAllBytes(picture)))
                .append("\">\n");
    }

    private void problems(StringBuilder page) {
        List<Sample> bad = results.samples().stream()
                .filter(sample -> !sample.problems().isEmpty())
                .toList();
        if (bad.isEmpty()) {
            page.append("<p>Every result of every run was there and right.</p>\n");
            return;
        }
        page.append("<h2 class=\"bad\">Problems</h2><ul>\n");
        for (Sample sample : bad)
            for (String problem : sample.problems())
                page.append(String.format(
                        Locale.ROOT,
                        "<li>%s on %d nodes, run %d: %s</li>\n",
                        sample.system().word(),
                        sample.nodes(),
                        sample.repeat(),
                        escape(problem)));
        page.append("</ul>\n");
    }

    private static String svgOnly(String document) {
        return document.substring(document.indexOf("<svg"));
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
