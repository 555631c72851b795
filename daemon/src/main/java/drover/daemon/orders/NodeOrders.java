package drover.daemon.orders;

import drover.model.Openness;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Properties;

/// The orders in force on this node, kept in a file. Any thread.
public final class NodeOrders {
    private static final String OPENNESS = "takes-guests";
    private static final String JOBS_STAY = "jobs-stay";

    private final Path file;
    private volatile Openness openness;
    private volatile boolean jobsStay;

    private NodeOrders(Path file, Openness openness, boolean jobsStay) {
        this.file = file;
        this.openness = openness;
        this.jobsStay = jobsStay;
    }

    /// Reads what was ordered before this daemon was there.
    ///
    /// @throws IOException if the file is there and cannot be understood: a drained node must not fill up again
    public static NodeOrders open(Path file) throws IOException {
        Properties kept = new Properties();
        if (Files.exists(file)) {
            try (Reader in = Files.newBufferedReader(file)) {
                kept.load(in);
            }
        }
        String word = kept.getProperty(OPENNESS, Openness.OPEN.word());
        Openness openness = Arrays.stream(Openness.values())
                .filter(one -> one.word().equals(word))
                .findFirst()
                .orElseThrow(() -> new IOException(file + " says " + OPENNESS + "=" + word
                        + ", which this version does not know; remove the file to take guests again"));
        return new NodeOrders(file, openness, Boolean.parseBoolean(kept.getProperty(JOBS_STAY)));
    }

    public Openness openness() {
        return openness;
    }

    /// Whether jobs of this home are not to leave it.
    public boolean jobsStay() {
        return jobsStay;
    }

    /// Follows an order, and keeps it.
    ///
    /// @throws IOException if it cannot be kept; then nothing has changed
    synchronized void follow(NodeOrder order) throws IOException {
        switch (order) {
            case DRAIN -> set(Openness.DRAINING, jobsStay);
            case BLOCK -> set(Openness.BLOCKED, jobsStay);
            case STAY -> set(openness, true);
            case UNDRAIN -> set(Openness.OPEN, false);
            case LOOK -> {}
        }
    }

    private void set(Openness newOpenness, boolean newJobsStay) throws IOException {
        Properties kept = new Properties();
        kept.setProperty(OPENNESS, newOpenness.word());
        kept.setProperty(JOBS_STAY, Boolean.toString(newJobsStay));
        Path fresh = file.resolveSibling(file.getFileName() + ".new");
        try (Writer out = Files.newBufferedWriter(fresh)) {
            kept.store(out, "by drover node");
        }
        try (FileChannel channel = FileChannel.open(fresh, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        openness = newOpenness;
        jobsStay = newJobsStay;
    }
}
