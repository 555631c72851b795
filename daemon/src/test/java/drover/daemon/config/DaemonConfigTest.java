package drover.daemon.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.model.AddressRange;
import drover.model.NodeId;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DaemonConfigTest {
    private static DaemonConfig parse(String... keysAndValues) throws DaemonConfig.Invalid {
        Properties properties = new Properties();
        properties.setProperty("name", "n1");
        properties.setProperty("address", "10.0.0.1");
        for (int i = 0; i < keysAndValues.length; i += 2)
            properties.setProperty(keysAndValues[i], keysAndValues[i + 1]);
        return DaemonConfig.parse(properties, "the file");
    }

    private static void refuses(String key, String value, String... said) {
        String message = assertThrows(DaemonConfig.Invalid.class, () -> parse(key, value))
                .getMessage();
        for (String part : said) assertTrue(message.contains(part), message);
    }

    @Test
    void everyKeyButNameAndAddressHasADefault() throws DaemonConfig.Invalid {
        DaemonConfig expected = new DaemonConfig(
                new NodeId("n1"),
                "10.0.0.1",
                7410,
                7411,
                7412,
                "",
                0,
                10,
                "drover",
                Set.of("*"),
                true,
                false,
                true,
                AddressRange.parse("198.18.0.0/15"),
                false,
                Duration.ofSeconds(6),
                Duration.ofSeconds(60),
                Duration.ofSeconds(10),
                20_000,
                512,
                16,
                1_024);
        assertEquals(expected, parse());
    }

    @Test
    void theBoundsThemselvesAreTaken() throws DaemonConfig.Invalid {
        assertEquals(1, parse("data-port", "1").dataPort());
        assertEquals(65_535, parse("data-port", "65535").dataPort());
        assertEquals(Duration.ofMillis(2500), parse("lease-seconds", "2.5").lease());
        assertEquals(10_000, parse("guest-max", "10000").guestMax());
        assertEquals(100, parse("guest-weight", "100").guestWeight());
        assertEquals(5, parse("kept-content-mib", "5").keptContentMib());
        assertEquals(0, parse("post-copy-from-mib", "0").postCopyFromMib());
        assertEquals(1_000_000, parse("queue-max", "1000000").queueMax());
    }

    @Test
    void beyondABoundTheMessageNamesKeyRangeAndValue() {
        for (String port : List.of("data-port", "enrol-port", "membership-port")) {
            refuses(port, "0", port, "1 to 65535", "'0'");
            refuses(port, "65536", port, "1 to 65535", "'65536'");
            refuses(port, "7410.5", port, "whole number", "'7410.5'");
        }
        refuses("guest-cpus", "-1", "guest-cpus", "'-1'");
        refuses("guest-cpus", "NaN", "guest-cpus", "'NaN'");
        refuses("node-loss-seconds", "0", "node-loss-seconds", "'0'");
        refuses("lease-seconds", "1", "lease-seconds", "'1'");
        refuses("queue-max", "1000001", "queue-max", "1 to 1000000");
        refuses("guest-max", "", "guest-max", "1 to 10000", "''");
        refuses("job-network", "10.0.0.1/8", "job-network", "10.0.0.1/8");
        refuses("job-network", "10.0.0.0", "job-network", "198.18.0.0/15");
        refuses("accept-root", "perhaps", "accept-root", "true or false", "'perhaps'");
        refuses("name", "", "'name' is missing");
        refuses("address", "", "'address' is missing");
    }

    @Test
    void aMisspeltKeyIsRefusedWithTheKnownOnes() {
        refuses("guest-maximum", "3", "unknown key 'guest-maximum'", "guest-max", "lease-seconds");
    }
}
