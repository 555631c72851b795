package drover.daemon.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import drover.protocol.job.GuestNetwork;
import drover.protocol.job.JobMessage.StartGuest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Which network a job has whose caller names none.
class UsualNetworkIT {
    @TempDir
    Path directory;

    private final PlayedNetwork network = new PlayedNetwork();

    private TestHome home(JobNetwork given, Map<String, String> more) throws Exception {
        return new TestHome(directory, new ScriptedNodes(), new HomeJobsIT.TwoNodes(), LocalRequests::new, more, given);
    }

    /// What the guest gets, and that `drover show` says so.
    private static void assertNetwork(GuestNetwork expected, String shown, TestHome home, String options)
            throws Exception {
        try (TestDeputy deputy = home.deputy().run(options, "cat")) {
            ScriptedNodes.Sent start = home.started(deputy);
            assertEquals(expected, ((StartGuest) start.message()).network());
            long job = ScriptedNodes.guest(start).job().number();
            try (TestDeputy caller = home.deputy().command("{\"command\":\"show\",\"job\":\"" + job + "\"}")) {
                String said = new String(caller.expect(TestDeputy.RESULT).rest(), StandardCharsets.UTF_8);
                assertTrue(said.contains("\"network\":\"" + shown + "\""), said);
            }
        }
    }

    @Test
    void itIsHomes() throws Exception {
        try (TestHome home = home(network, Map.of())) {
            assertNetwork(PlayedNetwork.GIVEN, "home", home, "{}");
            assertNetwork(GuestNetwork.NONE, "none", home, "{\"net\":\"none\"}");
        }
    }

    @Test
    void itIsNoneWhereHomeLacksAPackage() throws Exception {
        try (TestHome home = home(new NoNetwork(), Map.of())) {
            assertNetwork(GuestNetwork.NONE, "none", home, "{}");
        }
    }

    @Test
    void itIsNoneWhereTheAdministratorSaysSo() throws Exception {
        try (TestHome home = home(network, Map.of("home-network", "false"))) {
            assertNetwork(GuestNetwork.NONE, "none", home, "{}");
            assertNetwork(PlayedNetwork.GIVEN, "home", home, "{\"net\":\"home\"}");
        }
    }

    @Test
    void itIsNoneWhereHomeFindsOutTooLateThatItHasNone() throws Exception {
        network.broken = true;
        try (TestHome home = home(network, Map.of())) {
            assertNetwork(GuestNetwork.NONE, "none", home, "{}");
            assertEquals(Map.of(), network.senders);
        }
        network.broken = false;
        try (TestHome home = home(network, Map.of())) { // its successor knows what became of it
            assertEquals(Map.of(), network.senders);
            assertNetwork(PlayedNetwork.GIVEN, "home", home, "{}");
        }
    }

    @Test
    void whoAsksForHomesGoesNowhereWithout() throws Exception {
        network.broken = true;
        try (TestHome home = home(network, Map.of());
                TestDeputy deputy = home.deputy().run("{\"net\":\"home\"}", "cat")) {
            deputy.expect(TestDeputy.ACCEPTED);
            assertNotNull(network.waiting.poll(20, TimeUnit.SECONDS));
            assertTrue(home.nodes.isQuiet(StartGuest.class));
        }
    }
}
