package drover.lab.experiments;

import drover.lab.namespaces.LabException;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.internal.chartpart.IChart;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// The experiment's plots, each as PNG and SVG.
final class Plots {
    private static final int WIDTH = 760;
    private static final int HEIGHT = 480;
    private static final Color DROVER = new Color(0x1f, 0x5a, 0xa6);
    private static final Color PEER = new Color(0xc8, 0x6b, 0x1e);
    private static final Color IDEAL = new Color(0x80, 0x80, 0x80);

    private final Results results;

    Plots(Results results) {
        this.results = results;
    }

    /// Fails if this machine lacks what the JDK draws text with: better before the runs than after them.
    static void require(Runnable drawing) {
        try {
            drawing.run();
        } catch (LinkageError | InternalError e) {
            throw new LabException(
                    "the experiment could not draw its plots: " + e.getMessage()
                            + "; install what the JDK draws text with: apt install libfreetype6 libharfbuzz0b fontconfig"
                            + " fonts-dejavu-core",
                    e);
        }
    }

    static void measureText() {
        noScreen();
        new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB)
                .createGraphics()
                .getFontMetrics()
                .stringWidth("nodes");
    }

    /// None is needed, and none may be looked for.
    private static void noScreen() {
        System.setProperty("java.awt.headless", "true");
    }

    List<String> write() throws IOException {
        noScreen();
        save(speedup(), "speedup");
        save(efficiency(), "efficiency");
        save(bytes(), "bytes");
        return List.of("speedup", "efficiency", "bytes");
    }

    private XYChart speedup() {
        XYChart chart = lines("Speed-up over one node (the same sub-jobs by a plain shell)", "speed-up");
        double one = results.oneNodeSeconds();
        ideal(chart, nodes -> nodes);
        add(chart, "drover", DROVER, results.table(), row -> row.speedup(one));
        add(chart, "GNU parallel over ssh", PEER, peers(), row -> row.speedup(one));
        return chart;
    }

    private XYChart efficiency() {
        XYChart chart = lines("Efficiency: speed-up per node", "efficiency");
        double one = results.oneNodeSeconds();
        ideal(chart, _ -> 1);
        add(chart, "drover", DROVER, results.table(), row -> row.efficiency(one));
        add(chart, "GNU parallel over ssh", PEER, peers(), row -> row.efficiency(one));
        add(chart, "utilisation, drover", DROVER.brighter(), results.table(), Row::utilisation);
        chart.getStyler().setYAxisMin(0.0);
        return chart;
    }

    /// Each node's link in the largest run.
    private CategoryChart bytes() {
        CategoryChart chart = new CategoryChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title("Bytes on each link, sent and received, on the largest number of nodes")
                .xAxisTitle("node")
                .yAxisTitle("MB")
                .build();
        style(chart.getStyler());
        int most = Stream.concat(results.table().stream(), results.peers().stream())
                .mapToInt(Row::nodes)
                .max()
                .orElse(1);
        List<String> nodes =
                IntStream.rangeClosed(1, most).mapToObj(number -> "n" + number).toList();
        addBytes(chart, "drover", DROVER, nodes, results.table());
        addBytes(chart, "GNU parallel over ssh", PEER, nodes, results.peers());
        return chart;
    }

    private static void addBytes(CategoryChart chart, String name, Color colour, List<String> nodes, List<Row> rows) {
        if (rows.isEmpty()) return;
        Map<String, Long> links = rows.getLast().linkBytes();
        List<Double> megabytes =
                nodes.stream().map(node -> links.getOrDefault(node, 0L) / 1e6).toList();
        chart.addSeries(name, nodes, megabytes).setFillColor(colour);
    }

    /// One node is the same plain shell for all.
    private List<Row> peers() {
        return results.peers().isEmpty()
                ? List.of()
                : Stream.concat(results.rows(RunSystem.SHELL).stream(), results.peers().stream())
                        .toList();
    }

    private static XYChart lines(String title, String y) {
        XYChart chart = new XYChartBuilder()
                .width(WIDTH)
                .height(HEIGHT)
                .title(title)
                .xAxisTitle("nodes")
                .yAxisTitle(y)
                .build();
        style(chart.getStyler());
        return chart;
    }

    private static void style(Styler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setLegendPosition(Styler.LegendPosition.OutsideS);
        styler.setLegendLayout(Styler.LegendLayout.Horizontal);
    }

    private void ideal(XYChart chart, ToDoubleFunction<Integer> value) {
        double[] nodes = Stream.concat(results.table().stream(), results.peers().stream())
                .mapToDouble(Row::nodes)
                .sorted()
                .distinct()
                .toArray();
        double[] values = new double[nodes.length];
        for (int i = 0; i < nodes.length; i++) values[i] = value.applyAsDouble((int) nodes[i]);
        XYSeries series = chart.addSeries("ideal", nodes, values);
        series.setLineColor(IDEAL);
        series.setMarker(SeriesMarkers.NONE);
        series.setLineStyle(
                new BasicStroke(1f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_BEVEL, 1, new float[] {4, 4}, 0));
    }

    private static void add(XYChart chart, String name, Color colour, List<Row> rows, ToDoubleFunction<Row> value) {
        if (rows.isEmpty()) return;
        double[] nodes = rows.stream().mapToDouble(Row::nodes).toArray();
        XYSeries series =
                chart.addSeries(name, nodes, rows.stream().mapToDouble(value).toArray());
        series.setLineColor(colour);
        series.setMarkerColor(colour);
        series.setMarker(SeriesMarkers.CIRCLE);
    }

    private void save(IChart chart, String name) throws IOException {
        for (String format : List.of("png", "svg")) {
            try (OutputStream out = Files.newOutputStream(results.directory().resolve(name + "." + format))) {
                ChartEncoder.saveChart(chart, out, format);
            }
        }
    }
}
