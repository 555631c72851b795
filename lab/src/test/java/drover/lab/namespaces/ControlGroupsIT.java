package drover.lab.namespaces;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ControlGroupsIT {
    private static final String GROUP = "drover-weight-test";

    private final ControlGroups groups = ControlGroups.ofThisMachine();

    @AfterEach
    void remove() {
        groups.remove(GROUP, Duration.ofSeconds(5));
    }

    @Test
    void aGroupOfThreeMachinesWeighsAsMuchAsThreeGroups() throws IOException {
        groups.create(GROUP);
        groups.weigh(GROUP, 3);
        List<String> weights = new ArrayList<>();
        for (Path directory : groups.directories(GROUP))
            for (String file : List.of("cpu.shares", "cpu.weight"))
                if (Files.exists(directory.resolve(file)))
                    weights.add(Files.readString(directory.resolve(file)).strip());
        assertTrue(weights.contains("3072") || weights.contains("300"), "weights: " + weights);
    }
}
