package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class WorkloadTest {
    @Test
    void theFirstTileAsksForRowAndColumnZeroBecauseOneMeansAllToPovray() {
        List<SubJob> jobs = new PovrayScene(1, 14).subJobs();
        assertTrue(
                jobs.getFirst().command().containsAll(List.of("+SR0", "+SC0", "+EC960")),
                jobs.getFirst().toString());
        assertTrue(
                jobs.get(1).command().contains("+SR" + (lastRow(jobs.get(0)) + 1)),
                jobs.get(1).toString());
        assertEquals(960, lastRow(jobs.getLast()));
    }

    private static int lastRow(SubJob job) {
        return job.command().stream()
                .filter(word -> word.startsWith("+ER"))
                .mapToInt(word -> Integer.parseInt(word.substring(3)))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void aQuarterOfTheWorkIsHalfTheSide() {
        assertTrue(new PovrayScene(0.25, 4).settings().contains(" 480x480 "), new PovrayScene(0.25, 4).settings());
    }

    @Test
    void fourThousandKeysAreTwoHundredAndFiftySubJobsOfDifferentNames() {
        Set<String> names = new HashSet<>();
        new RsaKeys(1, 1024).subJobs().forEach(job -> names.add(job.name()));
        assertEquals(250, names.size());
    }

    @Test
    void keysOfNonsensicalSizeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new RsaKeys(1, 8));
    }
}
