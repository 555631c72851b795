package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsIT {
    @TempDir
    Path directory;

    private static ObjectNode description(String settings) {
        return JsonNodeFactory.instance.objectNode().put("experiment", "povray").put("settings", settings);
    }

    private Results filled() throws IOException {
        Results results = new Results(directory, description("a"));
        results.begin();
        results.add(RowTest.sample(RunSystem.WHOLE, 1, 1, 90, 0.5, 0));
        results.add(RowTest.sample(RunSystem.SHELL, 1, 1, 100, 0.5, 0));
        results.add(RowTest.sample(RunSystem.DROVER, 2, 1, 52, 0.5, 0));
        results.add(RowTest.sample(RunSystem.PARALLEL, 2, 1, 55, 0.5, 0));
        results.add(RowTest.sample(RunSystem.DROVER, 4, 1, 27, 0.02, 1));
        return results;
    }

    @Test
    void theTableHasOneRowForEachNumberOfNodes() throws IOException {
        filled().write();
        var json = new JsonMapper().readTree(directory.resolve("results.json").toFile());
        assertEquals("[1,2,4]", json.findValues("nodes").toString().replace(" ", ""));
        assertEquals(100.0 / 27, json.get(2).path("speedup").asDouble(), 1e-9);
        assertTrue(json.get(2).path("void").asBoolean());
        assertEquals(6, Files.readAllLines(directory.resolve("results.csv")).size());
    }

    @Test
    void aResumedExperimentMakesOnlyWhatIsMissing() throws IOException {
        filled();
        Results resumed = new Results(directory, description("a"));
        resumed.resume();
        assertTrue(resumed.has(RunSystem.DROVER, 4, 1));
        assertFalse(resumed.has(RunSystem.DROVER, 4, 2));
        assertEquals(5, resumed.samples().size());
    }

    @Test
    void resultsOfOtherSettingsDoNotMix() throws IOException {
        filled();
        assertThrows(IOException.class, () -> new Results(directory, description("b")).resume());
    }

    @Test
    void thePlotsArePicturesAndTheReportNeedsNothingBesideIt() throws IOException {
        Results results = filled();
        var plots = new Plots(results).write();
        for (String plot : plots) {
            assertTrue(ImageIO.read(directory.resolve(plot + ".png").toFile()).getWidth() > 300, plot);
            assertTrue(Files.readString(directory.resolve(plot + ".svg")).contains("<svg"), plot);
        }
        new Report(results, plots).write();
        String page = Files.readString(directory.resolve("report.html"));
        assertTrue(page.contains("<svg") && page.contains("tile-0000-0000: there is no tile-0000-0000.png"));
        assertFalse(
                page.contains("src=\"http") || page.contains("href="), "the page asks for something from elsewhere");
    }
}
