package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class RowTest {
    static Sample sample(RunSystem system, int nodes, int repeat, double seconds, double idle, int lost) {
        return new Sample(
                system,
                nodes,
                repeat,
                seconds,
                seconds * 0.1 * nodes,
                0.1,
                0.2,
                0.9,
                idle,
                28,
                lost,
                Map.of("n1", 1000L * repeat, "n2", 1000L * repeat),
                lost == 0 ? List.of() : List.of("tile-0000-0000: there is no tile-0000-0000.png"));
    }

    @Test
    void aRowIsTheMedianOfItsRuns() {
        Row row = Row.of(List.of(
                sample(RunSystem.DROVER, 4, 1, 10, 0.5, 0),
                sample(RunSystem.DROVER, 4, 2, 30, 0.5, 0),
                sample(RunSystem.DROVER, 4, 3, 11, 0.5, 0)));
        assertEquals(11, row.seconds());
        assertEquals(2000, row.bytesOnWire());
        assertEquals(4, row.speedup(44));
        assertEquals(1, row.efficiency(44));
    }

    @Test
    void theMedianOfAnEvenNumberIsBetweenTheTwoInTheMiddle() {
        Row row =
                Row.of(List.of(sample(RunSystem.DROVER, 4, 1, 10, 0.5, 0), sample(RunSystem.DROVER, 4, 2, 20, 0.5, 0)));
        assertEquals(15, row.seconds());
    }

    @Test
    void voidRunsAreLeftOutWhileThereAreOthers() {
        Row row = Row.of(
                List.of(sample(RunSystem.DROVER, 4, 1, 99, 0.01, 0), sample(RunSystem.DROVER, 4, 2, 10, 0.06, 0)));
        assertEquals(10, row.seconds());
        assertEquals(1, row.voidRuns());
        assertFalse(row.isVoid());
    }

    @Test
    void aRowOfVoidRunsOnlyIsVoid() {
        assertTrue(Row.of(List.of(sample(RunSystem.DROVER, 4, 1, 99, 0.049, 0))).isVoid());
    }

    @Test
    void oneLostResultInAnyRunIsReported() {
        Row row = Row.of(List.of(
                sample(RunSystem.DROVER, 4, 1, 10, 0.5, 0),
                sample(RunSystem.DROVER, 4, 2, 10, 0.5, 1),
                sample(RunSystem.DROVER, 4, 3, 10, 0.5, 0)));
        assertEquals(1, row.lost());
    }

    @Test
    void aRowHasTheFieldsThatScriptsDependOn() {
        var json = Row.of(List.of(sample(RunSystem.DROVER, 4, 1, 10, 0.5, 0))).toJson(40, OptionalDouble.of(36));
        for (String field : List.of(
                "nodes",
                "seconds",
                "cpu_seconds",
                "daemon_cpu_seconds",
                "utilisation",
                "speedup",
                "efficiency",
                "jobs",
                "lost",
                "bytes_on_wire")) assertTrue(json.path(field).isNumber(), field + " in " + json);
        assertEquals(3.6, json.path("speedup_over_whole").asDouble());
    }

    @Test
    void aSampleSurvivesBeingWrittenDown() throws Exception {
        Sample sample = sample(RunSystem.PARALLEL, 6, 2, 12.5, 0.3, 1);
        assertEquals(
                sample,
                Sample.fromJson(new JsonMapper().readTree(sample.toJson().toString())));
    }
}
