package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Jobs in their home's network, n1's, wherever they run.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class NetLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");
    private static final int LARGE_MIB = 100;

    /// Sends LARGE_MIB, says how it hashes.
    private static final String SERVE_LARGE = """
            import hashlib, os, socket, sys
            s = socket.create_server(('0.0.0.0', int(sys.argv[1])))
            print('ready', flush=True)
            c, peer = s.accept()
            h = hashlib.sha256()
            for _ in range(%d):
                part = os.urandom(1 << 20); h.update(part); c.sendall(part)
            c.shutdown(socket.SHUT_WR); c.recv(1); print(peer[0], h.hexdigest())
            """.formatted(LARGE_MIB);

    /// Takes it at a pace that leaves time for a fault, tells how far it is, and how it hashes.
    private static final String FETCH_LARGE = """
            import hashlib, socket, sys, time
            s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            h = hashlib.sha256(); got = told = 0
            while part := s.recv(1 << 18):
                h.update(part); got += len(part); time.sleep(float(sys.argv[3]))
                if got >> 20 >= told + 10: told = got >> 20; print(told, flush=True)
            s.close(); print(h.hexdigest())
            """;

    private static TestLab lab;
    private static Daemons daemons;
    private final List<Command> servers = new ArrayList<>();

    @BeforeAll
    static void up() throws Exception {
        lab = TestLab.up("net", 3);
        daemons = new Daemons(lab);
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        for (String node : NODES) if (daemons.of(node).isEmpty()) lab.launch(node, "drover", "daemon");
        lab.awaitUp(NODES);
    }

    @AfterEach
    void stopServers() throws Exception {
        for (Command server : servers) server.close();
        lab.sh("n1", "! [ -e /etc/resolv.conf.before ] || cp /etc/resolv.conf.before /etc/resolv.conf");
        for (String node : NODES) lab.at(node, "pkill", "-f", "net-test");
    }

    private static String[] words(String node, String... command) {
        List<String> words = new ArrayList<>(List.of("drover", "run", "--net", "home", "--node", node, "--"));
        words.addAll(List.of(command));
        return words.toArray(String[]::new);
    }

    private static Outcome run(String node, String... command) throws Exception {
        return lab.at("n1", words(node, command));
    }

    private static String addressOf(String node) throws Exception {
        return lab.sh("n1", "awk '$2 == \"" + node + "\" { print $1; exit }' /etc/hosts");
    }

    /// Starts a program of Python on a node, outside of Drover, and waits until it is ready.
    private Command serve(String node, String program, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("python3", "-uc", "# net-test\n" + program));
        words.addAll(List.of(arguments));
        Command server = lab.start(node, words.toArray(String[]::new));
        servers.add(server);
        TestLab.awaitTrue("the server on " + node + " is ready", () -> {
            assertFalse(server.seenErrors().contains("Error"), server.seenErrors());
            return server.seen().contains("ready");
        });
        return server;
    }

    /// Tells each peer its own address as the server sees it.
    private static final String TELL_PEER = """
            import socket, sys
            s = socket.create_server((sys.argv[1], int(sys.argv[2])))
            print('ready', flush=True)
            while True:
                c, peer = s.accept(); c.sendall(peer[0].encode()); c.close()
            """;

    private static final String ASK_PEER = """
            import socket, sys
            try: print(socket.create_connection((sys.argv[1], int(sys.argv[2])), 3).recv(99).decode())
            except OSError as e: print('no')
            """;

    @Test
    void aJobFetchesFromHomeByHttp() throws Exception {
        lab.sh("n1", "mkdir -p /srv/net && echo here it is > /srv/net/page");
        Command server = lab.start(
                "n1", "sh", "-c", "cd /srv/net && exec python3 -u -m http.server 8801 --bind 0.0.0.0 # net-test");
        servers.add(server);
        TestLab.awaitTrue("the server is ready", () -> server.seen().contains("Serving"));
        String fetch =
                "import urllib.request as u; print(u.urlopen('http://n1:8801/page', timeout=20).read().decode())";
        assertEquals("here it is", run("n2", "python3", "-c", fetch).orFail().strip());
        assertTrue(server.seenErrors().contains("\"GET /page"), server.seenErrors());
    }

    @Test
    void aPeerSeesHomesAddress() throws Exception {
        serve("n3", TELL_PEER, "0.0.0.0", "8802");
        assertEquals(
                addressOf("n1"),
                run("n2", "python3", "-c", ASK_PEER, "n3", "8802").orFail());
        assertEquals(
                addressOf("n1"),
                run("n1", "python3", "-c", ASK_PEER, "n3", "8802").orFail());
    }

    @Test
    void theNodesOwnNetworkIsOutOfReach() throws Exception {
        lab.sh("n2", "ip address replace 10.99.0.2/32 dev lo");
        serve("n2", TELL_PEER, "0.0.0.0", "8803");
        assertEquals(
                "no", run("n2", "python3", "-c", ASK_PEER, "10.99.0.2", "8803").orFail());
        assertEquals(
                "no", run("n2", "python3", "-c", ASK_PEER, "127.0.0.1", "8803").orFail());
        // n2 as any other machine in home's network
        assertEquals(
                addressOf("n1"),
                run("n2", "python3", "-c", ASK_PEER, "n2", "8803").orFail());
    }

    @Test
    void withoutItAJobHasNoNetwork() throws Exception {
        serve("n3", TELL_PEER, "0.0.0.0", "8804");
        assertEquals(
                "no",
                lab.runWithoutNetwork("n2", "python3", "-c", ASK_PEER, addressOf("n3"), "8804")
                        .orFail());
    }

    @Test
    void jobsOfOneHomeReachEachOther() throws Exception {
        Command listening = lab.start("n1", words("n3", "python3", "-uc", """
                import fcntl, socket, struct
                s = socket.create_server(('0.0.0.0', 8805))
                own = fcntl.ioctl(s, 0x8915, struct.pack('256s', b'home0'))[20:24]
                print(socket.inet_ntoa(own), flush=True)
                c, peer = s.accept(); print('from', peer[0]); print(c.recv(99).decode()); c.sendall(b'heard')"""));
        String address = TestLab.await(
                "the job's address", () -> listening.seen().lines().findFirst());
        String say = "import socket; s = socket.create_connection(('" + address
                + "', 8805), 20); print(s.getsockname()[0]); s.sendall(b'hello'); print(s.recv(99).decode())";
        List<String> said = run("n2", "python3", "-c", say).orFail().lines().toList();
        assertEquals("heard", said.get(1));
        List<String> heard = listening.await(Command.LIMIT).orFail().lines().toList();
        assertEquals(List.of(address, "from " + said.get(0), "hello"), heard);
    }

    @Test
    void namesAreResolvedByAServerOnHomesLoopback() throws Exception {
        lab.sh("n1", "cp -n /etc/resolv.conf /etc/resolv.conf.before; echo nameserver 127.0.0.53 > /etc/resolv.conf");
        serve("n1", """
                import socket, struct, threading
                def answer(q):
                    end = q.index(b'\\0', 12) + 5
                    a = b''
                    kind = struct.unpack('>H', q[end - 4:end - 2])[0]
                    if kind == 1: a = b'\\xc0\\x0c' + struct.pack('>HHIH4s', 1, 1, 60, 4, socket.inet_aton('192.0.2.77'))
                    return q[:2] + b'\\x81\\x80' + struct.pack('>HHHH', 1, 1 if a else 0, 0, 0) + q[12:end] + a
                u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(('127.0.0.53', 53))
                t = socket.create_server(('127.0.0.53', 53))
                def streams():
                    while True:
                        c, _ = t.accept(); n = struct.unpack('>H', c.recv(2))[0]
                        a = answer(c.recv(n)); c.sendall(struct.pack('>H', len(a)) + a); c.close()
                threading.Thread(target=streams, daemon=True).start()
                print('ready', flush=True)
                while True:
                    q, peer = u.recvfrom(4096); u.sendto(answer(q), peer)
                """.replace("\\\\", "\\"));
        String look = "import socket; print(socket.gethostbyname('there.lab'))";
        assertEquals("192.0.2.77", run("n2", "python3", "-c", look).orFail());
        assertEquals(
                "192.0.2.77",
                run("n2", "env", "RES_OPTIONS=use-vc", "python3", "-c", look).orFail(),
                "by TCP");
        assertEquals("192.0.2.77", run("n1", "python3", "-c", look).orFail(), "at home");
        assertEquals("nameserver 127.0.0.53", lab.sh("n1", "cat /etc/resolv.conf"));
    }

    @Test
    void datagramsComeAndGo() throws Exception {
        serve("n3", """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 8806))
                print('ready', flush=True)
                while True:
                    d, peer = s.recvfrom(65535); s.sendto(peer[0].encode() + b' %d' % len(d), peer)
                """);
        String ask = """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(('n3', 8806))
                for n in 1, 1400, 20000: s.send(b'x' * n); print(s.recv(99).decode())
                """;
        String home = addressOf("n1");
        assertEquals(
                List.of(home + " 1", home + " 1400", home + " 20000"),
                run("n2", "python3", "-c", ask).orFail().lines().toList());
    }

    private void transfer(String server, int port, String faulty) throws Exception {
        Command serving = serve(server, SERVE_LARGE, Integer.toString(port));
        String pause = faulty.isEmpty() ? "0" : "0.02";
        Command fetching =
                lab.start("n1", words("n2", "python3", "-uc", FETCH_LARGE, server, Integer.toString(port), pause));
        if (!faulty.isEmpty()) {
            TestLab.awaitTrue("a fifth is there", () -> fetching.seen().contains("20\n"));
            daemons.restart(faulty);
            lab.awaitUp(NODES);
        }
        String got = fetching.await(Command.LIMIT).orFail().lines().toList().getLast();
        String sent = serving.await(Command.LIMIT).orFail().lines().toList().getLast();
        assertEquals(sent.split(" ")[1], got);
    }

    @Test
    void aLargeTransferArrivesWhole() throws Exception {
        transfer("n3", 8807, "");
        transfer("n1", 8808, "");
    }

    @Test
    void aConnectionOutlivesTheNodesDaemon() throws Exception {
        transfer("n3", 8809, "n2");
    }

    @Test
    void aConnectionOutlivesHomesDaemon() throws Exception {
        transfer("n3", 8810, "n1");
    }

    private static String rules(String node) throws Exception {
        return lab.sh(
                node, "nft list tables ip; cat /proc/sys/net/ipv4/ip_forward; ip -o link | grep -o drover0 || true");
    }

    private static void awaitNoRules() throws Exception {
        TestLab.awaitTrue("nothing is left of jobs' network", () -> {
            String left = rules("n1");
            return !left.contains("table ip drover")
                    && !left.contains("drover0")
                    && left.lines().anyMatch("0"::equals); // forwarding is off, as before
        });
    }

    @Test
    void rulesAndDeviceGoAfterTheLastJob() throws Exception {
        Command job = lab.start("n1", words("n2", "sleep", "2719"));
        lab.awaitGuest("n2", "2719");
        assertTrue(rules("n1").contains("table ip drover"), rules("n1"));
        assertTrue(rules("n1").lines().anyMatch("1"::equals), rules("n1"));
        lab.sh("n1", "drover kill " + lab.lastJob().path("job").asLong());
        job.await(Command.LIMIT);
        awaitNoRules();
    }

    @Test
    void whatACrashedDaemonLeftIsRemovedByTheNext() throws Exception {
        Command job = lab.start("n1", words("n2", "sleep", "2720"));
        lab.awaitGuest("n2", "2720");
        // the deputy is killed while there is no daemon: the next one ends the job
        daemons.end("n1", "KILL");
        assertTrue(rules("n1").contains("table ip drover"), rules("n1"));
        job.close();
        lab.at("n1", "pkill", "-KILL", "-x", "drover");
        lab.launch("n1", "drover", "daemon");
        lab.awaitUp(NODES);
        TestLab.awaitTrue(
                "the job has ended", () -> lab.lastJob().path("state").asText().matches("failed|exited"));
        awaitNoRules();
    }

    @Test
    void aForgedSourceIsDropped() throws Exception {
        Command server = serve("n3", """
                import socket
                s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('0.0.0.0', 8811))
                print('ready', flush=True)
                while True: print(s.recvfrom(99)[0].decode(), flush=True)
                """);
        String forge = """
                import socket, struct, sys
                s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
                own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); own.connect(('n3', 8811))
                mine, to = own.getsockname()[0], socket.gethostbyname('n3')
                def send(source, text):
                    d = struct.pack('>HHHH', 999, 8811, 8 + len(text), 0) + text
                    h = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 20 + len(d), 1, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(to))
                    s.sendto(h + d, (to, 8811))
                for source in socket.gethostbyname('n1'), '198.18.99.99', '192.0.2.1': send(source, b'forged')
                send(mine, b'honest')
                """;
        run("n2", "python3", "-c", forge).orFail();
        TestLab.awaitTrue("the honest packet is there", () -> server.seen().contains("honest"));
        assertFalse(server.seen().contains("forged"), server.seen());
    }
}
