package drover.daemon.network;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResolversTest {
    private static final String GATEWAY = "198.18.0.1";

    private static Resolvers of(String path, String content) {
        return Resolvers.of(path, content, GATEWAY);
    }

    @Test
    void serversThatJobsReachAreLeftAsTheyAre() {
        assertEquals(new Resolvers("", "", List.of()), of("/etc/resolv.conf", "search lab\nnameserver 192.0.2.1\n"));
    }

    @Test
    void aServerOnHomesLoopbackIsAskedThroughTheGateway() {
        Resolvers found = of("/etc/resolv.conf", "nameserver 127.0.0.53\noptions edns0\nnameserver 192.0.2.1\n");
        assertEquals("/etc/resolv.conf", found.path());
        assertEquals("nameserver 198.18.0.1\noptions edns0\nnameserver 192.0.2.1\n", found.lines());
        assertEquals(List.of(InetAddress.ofLiteral("127.0.0.53")), found.behindGateway());
    }

    @Test
    void severalOfThemAreBehindOneGateway() {
        Resolvers found = of("/etc/resolv.conf", "nameserver ::1\nnameserver 127.0.0.1\n");
        assertEquals("nameserver 198.18.0.1\n", found.lines());
        assertEquals(2, found.behindGateway().size());
    }

    @Test
    void withoutAnyServerHomeItselfIsAsked() {
        assertEquals(
                "search lab\nnameserver 198.18.0.1\n",
                of("/etc/resolv.conf", "search lab\n").lines());
    }

    @Test
    void aFileBelowRunIsToldInAnyCaseSinceGuestsHaveARunOfTheirOwn() {
        Resolvers found = of("/run/resolvconf/resolv.conf", "nameserver 192.0.2.1\n");
        assertEquals("/run/resolvconf/resolv.conf", found.path());
        assertEquals("nameserver 192.0.2.1\n", found.lines());
        assertEquals(List.of(), found.behindGateway());
    }
}
