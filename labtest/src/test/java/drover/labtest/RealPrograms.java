package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.parallel.ResourceLock;

/// Programs that live by their files, run on n2 and n3 with their files at n1. A script tells first when its machine
/// was started, which differs from node to node: it is checked that it ran where it was told to.
///
/// `-Ddrover.real.scale=10` works ten times as long where that makes sense.
@ResourceLock("the lab of real programs")
abstract class RealPrograms {
    static final int SCALE = Integer.getInteger("drover.real.scale", 1);
    static final Duration LONG = Duration.ofMinutes(4).multipliedBy(SCALE);

    static TestLab lab;

    @BeforeAll
    static void up() throws Exception {
        lab = SharedLabs.take();
    }

    @AfterAll
    static void down() throws Exception {
        if (lab != null) lab.close();
    }

    /// Skips the test if a program is missing: `./check` installs it where it can.
    static void needs(String... programs) throws Exception {
        for (String program : programs) {
            boolean there = lab.at("n1", "sh", "-c", "command -v " + program).exitStatus() == 0;
            if (!there) System.out.println("SKIPPED: " + program + " is not installed, and ./check could not");
            Assumptions.assumeTrue(there, program + " is not installed");
        }
    }

    /// Brings a script of this folder's to n1.
    static void bring(String name, String path) throws Exception {
        try (InputStream script = RealPrograms.class.getResourceAsStream(name)) {
            Files.copy(script, lab.file("n1", path), StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static String[] words(String node, String script) {
        return TestLab.runWords(node, "sh", "-ec", "read up rest < /proc/uptime; echo $up\n" + script);
    }

    private static String ranOn(String node, Outcome outcome) throws IOException {
        String[] lines = outcome.orFail().split("\n", 2);
        assertEquals(node, TestLab.nodeOf(lines[0]));
        return lines.length == 1 ? "" : lines[1];
    }

    /// What a script wrote that ran on a node, as root, and succeeded.
    static String at(String node, String script) throws Exception {
        return ranOn(node, lab.at(LONG, "n1", words(node, script)));
    }

    static String as(String user, String node, String script) throws Exception {
        return ranOn(node, lab.as(user, "n1", words(node, script)));
    }

    record Job(String node, String script) {}

    /// What scripts wrote that ran all at the same time.
    static List<String> together(Job... jobs) throws Exception {
        List<Command> commands = new ArrayList<>();
        List<String> outputs = new ArrayList<>();
        try {
            for (Job job : jobs) commands.add(lab.start("n1", words(job.node, job.script)));
            for (int i = 0; i < jobs.length; i++)
                outputs.add(ranOn(jobs[i].node, commands.get(i).await(LONG)));
        } finally {
            for (Command command : commands) command.close();
        }
        return outputs;
    }
}
