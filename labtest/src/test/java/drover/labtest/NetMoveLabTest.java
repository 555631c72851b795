package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Jobs in their home's network, n1's, that move: their connections go on, and no byte is lost.
@Timeout(240) // each wait has its own limit; together they may not take longer than this
class NetMoveLabTest {
    private static final List<String> NODES = List.of("n1", "n2", "n3");

    /// Sends back what it gets, on one connection; says how many bytes, and how they hash.
    private static final String ECHO = """
            import hashlib, socket, sys
            s = socket.create_server(('0.0.0.0', int(sys.argv[1])))
            print('ready', flush=True)
            c, peer = s.accept(); s.close()
            h = hashlib.sha256(); got = 0
            while part := c.recv(1 << 16): h.update(part); got += len(part); c.sendall(part)
            print(peer[0], got, h.hexdigest(), flush=True)
            """;

    /// Says numbered lines to an echo without waiting for their answers, until its input ends. Tells after each 1000
    /// answers.
    private static final String TALK = """
            import hashlib, socket, sys, threading, time
            s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
            done = threading.Event(); sent = hashlib.sha256()
            def say():
                i = 0
                while not done.is_set():
                    line = (b'line %d ' % i) * 9 + b'\\n'; sent.update(line); s.sendall(line); i += 1
                    if i % 10 == 0: time.sleep(0.002)
                s.shutdown(socket.SHUT_WR)
            threading.Thread(target=say).start()
            threading.Thread(target=lambda: (sys.stdin.read(), done.set())).start()
            heard = hashlib.sha256(); lines = 0; got = 0
            while part := s.recv(1 << 16):
                heard.update(part); got += len(part); before = lines; lines += part.count(b'\\n')
                if lines // 1000 > before // 1000: print(lines, flush=True)
            print('end', got, heard.hexdigest(), heard.digest() == sent.digest())
            """;

    private static TestLab lab;
    private static Daemons daemons;
    private final List<Command> commands = new ArrayList<>();

    @BeforeAll
    static void up() throws Exception {
        TestLab.needCriu();
        lab = SharedLabs.take();
        daemons = new Daemons(lab);
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    @BeforeEach
    void whole() throws Exception {
        lab.makeWhole(NODES);
    }

    @AfterEach
    void stop() throws Exception {
        for (Command command : commands) command.close();
        lab.sh("n1", "! [ -e /etc/resolv.conf.before ] || cp /etc/resolv.conf.before /etc/resolv.conf");
    }

    private Command serve(String node, String program, String... arguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("python3", "-uc", program));
        words.addAll(List.of(arguments));
        Command server = lab.start(node, words.toArray(String[]::new));
        commands.add(server);
        TestLab.awaitTrue("the server on " + node + " is ready", () -> {
            assertFalse(server.seenErrors().contains("Error"), server.seenErrors());
            return server.seen().contains("ready");
        });
        return server;
    }

    private Command run(String node, String... command) throws Exception {
        List<String> words = new ArrayList<>(List.of("drover", "run", "--net", "home", "--node", node, "--"));
        words.addAll(List.of(command));
        Command job = lab.start("n1", words.toArray(String[]::new));
        commands.add(job);
        return job;
    }

    private static void move(long job, String from, String to, String marker) throws Exception {
        assertEquals(
                "job " + job + " moved from " + from + " to " + to,
                lab.at("n1", "drover", "migrate", Long.toString(job), to).orFail());
        lab.awaitGuest(to, marker);
        assertEquals(List.of(), lab.pids(from, marker), "none is left on " + from);
    }

    private static long answers(Command talk) {
        return talk.seen().lines().filter(line -> !line.startsWith("end")).count();
    }

    private static void awaitAnswers(Command talk) throws Exception {
        long before = answers(talk);
        TestLab.awaitTrue("it hears more", () -> {
            assertTrue(talk.isRunning(), () -> "it ended: " + Command.end(talk.seen(), 2) + talk.seenErrors());
            return answers(talk) > before + 2;
        });
    }

    private void talksOn(String server, int port) throws Exception {
        String marker = "talks-to-" + port;
        Command echo = serve(server, ECHO, Integer.toString(port));
        Command talk = run("n2", "python3", "-uc", TALK, server, Integer.toString(port), marker);
        awaitAnswers(talk);
        long job = lab.lastJob().path("job").asLong();
        move(job, "n2", "n3", marker);
        awaitAnswers(talk);
        move(job, "n3", "n2", marker);
        awaitAnswers(talk);
        talk.input().close();
        String said = talk.await(Command.LIMIT).orFail().lines().toList().getLast();
        String[] heard =
                echo.await(Command.LIMIT).orFail().lines().toList().getLast().split(" ");
        assertEquals("end " + heard[1] + " " + heard[2] + " True", said);
    }

    @Test
    void aConnectionToHomeSurvivesTwoMoves() throws Exception {
        talksOn("n1", 8821);
    }

    /// Home translates its address; n3 is a machine as any other to it, also while the job is there.
    @Test
    void aConnectionToAnotherMachineSurvivesTwoMoves() throws Exception {
        talksOn("n3", 8822);
    }

    /// A job that only listens hears of what was said to it while it was held.
    @Test
    void whatIsSaidToItWhileItIsHeldIsHeard() throws Exception {
        Command speaker = serve("n1", """
                import socket, sys
                s = socket.create_server(('0.0.0.0', 8823))
                print('ready', flush=True)
                c, peer = s.accept()
                for line in sys.stdin: c.sendall(line.encode()); print('said', line.strip(), flush=True)
                """);
        Command listener = run("n2", "python3", "-uc", """
                import socket
                s = socket.create_connection(('n1', 8823)); print('there', flush=True)
                fat = bytearray(b'0123456789abcdef' * (6 << 20))
                for line in s.makefile(): print('heard', line.strip(), len(fat), flush=True)
                """, "listens");
        TestLab.awaitTrue("it listens", () -> listener.seen().contains("there"));
        say(speaker, "before");
        TestLab.awaitTrue("it hears", () -> listener.seen().contains("heard before"));
        long job = lab.lastJob().path("job").asLong();
        File images = lab.file("n3", "/var/lib/drover/images").toFile();
        try (Command moving = lab.start("n1", "drover", "migrate", Long.toString(job), "n3")) {
            TestLab.awaitTrue("its image arrives", 5, () -> sizeOf(images) > 1 << 20);
            say(speaker, "meanwhile");
            moving.await(Command.LIMIT).orFail();
        }
        TestLab.awaitTrue("it hears of it", () -> listener.seen().contains("heard meanwhile"));
        say(speaker, "after");
        speaker.input().close();
        List<String> heard = listener.await(Command.LIMIT).orFail().lines().toList();
        String fat = " " + (96 << 20);
        assertEquals(List.of("there", "heard before" + fat, "heard meanwhile" + fat, "heard after" + fat), heard);
    }

    private static void say(Command speaker, String line) throws Exception {
        speaker.input().write((line + "\n").getBytes(StandardCharsets.UTF_8));
        speaker.input().flush();
    }

    private static long sizeOf(File directory) {
        File[] files = directory.listFiles();
        long size = 0;
        if (files != null) for (File each : files) size += each.isDirectory() ? sizeOf(each) : each.length();
        return size;
    }

    private interface Fault {
        void happen() throws Exception;
    }

    /// Something breaks when it is held already: the job stays on n2, and its connection goes on.
    private void staysAndTalksOn(int port, Fault fault) throws Exception {
        String marker = "stays-" + port;
        serve("n1", ECHO, Integer.toString(port));
        // shared memory is always in the image
        String fat = "import mmap\nfat = mmap.mmap(-1, 320 << 20); fat.write(b'0123456789abcdef' * (20 << 20))\n";
        Command talk = run("n2", "python3", "-uc", fat + TALK, "n1", Integer.toString(port), marker);
        awaitAnswers(talk);
        long job = lab.lastJob().path("job").asLong();
        File images = lab.file("n3", "/var/lib/drover/images").toFile();
        try (Command moving = lab.start("n1", "drover", "migrate", Long.toString(job), "n3")) {
            TestLab.awaitTrue("its image arrives", 5, () -> sizeOf(images) > 1 << 20);
            fault.happen();
            Outcome refused = moving.await(Command.LIMIT);
            assertEquals(1, refused.exitStatus(), refused.output() + refused.errors());
        }
        awaitAnswers(talk);
        talk.input().close();
        assertTrue(talk.await(Command.LIMIT).orFail().stripTrailing().endsWith(" True"), talk.seenErrors());
        assertEquals(0, lab.lastJob().path("moves").asInt());
    }

    @Test
    void aConnectionOutlivesAMoveWhoseTargetDies() throws Exception {
        staysAndTalksOn(8824, () -> Daemons.signal("KILL", List.of(lab.initOf("n3"))));
    }

    @Test
    void aConnectionOutlivesAMoveWhoseSourceRestartsItsDaemon() throws Exception {
        staysAndTalksOn(8825, () -> daemons.restart("n2"));
    }

    @Test
    void aConnectionOutlivesAMoveWhoseHomeRestartsItsDaemon() throws Exception {
        staysAndTalksOn(8826, () -> daemons.restart("n1"));
    }

    @Test
    void namesAreResolvedByHomesServersAfterAMove() throws Exception {
        lab.sh("n1", "cp -n /etc/resolv.conf /etc/resolv.conf.before; echo nameserver 127.0.0.53 > /etc/resolv.conf");
        Command job = run("n2", "python3", "-uc", """
                import sys
                for line in sys.stdin: print(open('/etc/resolv.conf').read().strip(), flush=True)
                """, "reads-resolvers");
        lab.awaitGuest("n2", "reads-resolvers");
        long number = lab.lastJob().path("job").asLong();
        job.input().write('\n');
        job.input().flush();
        TestLab.awaitTrue("it has read", () -> job.seen().lines().count() == 1);
        assertTrue(job.seen().startsWith("nameserver 198.18."), job.seen());
        move(number, "n2", "n3", "reads-resolvers");
        job.input().write('\n');
        job.input().close();
        List<String> read = job.await(Command.LIMIT).orFail().lines().toList();
        assertEquals(List.of(read.getFirst(), read.getFirst()), read);
    }
}
