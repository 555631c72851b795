package drover.daemon.security;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LanDiscoveryIT {
    private static final String ADVERTISER = "10.9.9.2";
    private static final int PORT = 40_404;
    private static final int PATIENCE_SECONDS = 90;

    /// Two network namespaces joined by a cable: $1 is how to start a JVM. Nothing leaves the machine.
    private static final String TWO_MACHINES = """
            unshare --net sh -c '
                until ip link show d1 >/dev/null 2>&1; do sleep 0.1; done
                ip link set lo up && ip addr add 10.9.9.2/24 dev d1 && ip link set d1 up && exec "$@"' sh "$@" advertise &
            other=$!
            trap 'kill $other' EXIT
            until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.1; done
            ip link set lo up
            ip link add d0 type veth peer name d1 && ip link set d1 netns $other &&
            ip addr add 10.9.9.1/24 dev d0 && ip link set d0 up || exit 1
            "$@" find
            """;

    /// Either of the machines.
    static final class OneMachine {
        private OneMachine() {}

        public static void main(String[] arguments) throws Exception {
            if (arguments[0].equals("advertise")) {
                InetAddress own = InetAddress.getByAddress(new byte[] {10, 9, 9, 2});
                try (var _ = LanDiscovery.advertise(own, "n1", PORT, "test-1")) {
                    Thread.sleep(Duration.ofSeconds(PATIENCE_SECONDS));
                }
            } else {
                InetAddress own = InetAddress.getByAddress(new byte[] {10, 9, 9, 1});
                for (int i = 0; i < 8; i++) { // the other one may be slow to start
                    var found = LanDiscovery.find(own);
                    System.out.println("found " + found);
                    if (!found.isEmpty()) break;
                }
            }
            System.exit(0);
        }
    }

    @Test
    void aMachineFindsWhoAdvertisesOnItsNetwork() throws Exception {
        boolean root = "root".equals(System.getProperty("user.name"));
        if (!root) System.err.println("skipped: a network namespace can only be made by root");
        assumeTrue(root, "a network namespace can only be made by root");
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process both = new ProcessBuilder(List.of(
                        "unshare",
                        "--net",
                        "sh",
                        "-c",
                        TWO_MACHINES,
                        "sh",
                        java,
                        "-cp",
                        System.getProperty("java.class.path"),
                        OneMachine.class.getName()))
                .redirectErrorStream(true)
                .start();
        boolean ended = both.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
        if (!ended) both.destroy();
        String said = new String(both.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(ended, said);
        assertEquals(0, both.exitValue(), said);
        assertTrue(said.contains("found [" + ADVERTISER + ":" + PORT + "]"), said);
    }
}
