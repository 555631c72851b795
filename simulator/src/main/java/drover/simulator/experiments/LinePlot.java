package drover.simulator.experiments;

import java.awt.Color;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.knowm.xchart.ChartEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/// A plot of lines, as PNG and SVG.
public final class LinePlot {
    private final XYChart chart;

    public LinePlot(String title, String x, String y, boolean logarithmic) {
        System.setProperty("java.awt.headless", "true"); // no screen is needed, and none may be looked for
        chart = new XYChartBuilder()
                .width(760)
                .height(480)
                .title(title)
                .xAxisTitle(x)
                .yAxisTitle(y)
                .build();
        chart.getStyler().setChartBackgroundColor(Color.WHITE);
        chart.getStyler().setLegendPosition(Styler.LegendPosition.OutsideE);
        chart.getStyler().setYAxisLogarithmic(logarithmic);
    }

    public LinePlot line(String name, List<Double> x, List<Double> y) {
        chart.addSeries(name, x, y).setMarker(x.size() > 40 ? SeriesMarkers.NONE : SeriesMarkers.CIRCLE);
        return this;
    }

    public void save(Path directory, String name) throws IOException {
        for (String format : List.of("png", "svg")) {
            try (OutputStream out = Files.newOutputStream(directory.resolve(name + "." + format))) {
                ChartEncoder.saveChart(chart, out, format);
            }
        }
    }
}
