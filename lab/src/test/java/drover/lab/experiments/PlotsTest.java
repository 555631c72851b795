package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.lab.namespaces.LabException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlotsTest {
    @Test
    void aMissingLibraryIsNamedWithWhatToInstall() {
        Runnable drawing = () -> {
            throw new UnsatisfiedLinkError("libharfbuzz.so.0: cannot open shared object file");
        };
        String message =
                assertThrows(LabException.class, () -> Plots.require(drawing)).getMessage();
        for (String part : List.of("libharfbuzz.so.0", "apt install", "libharfbuzz0b"))
            assertTrue(message.contains(part), message);
    }
}
