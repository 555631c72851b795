package drover.daemon.journal;

import drover.model.JobState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Home's journal: the state of every job of this home, on disk before anyone is told of it. SQLite in WAL mode
/// with synchronous=FULL. One thread writes; all that waits is committed together, so a burst of jobs costs one
/// sync.
public final class Journal implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Journal.class);
    /// Ended jobs beyond this many are forgotten, oldest first: `ps --all` needs no more, and the file stays small.
    private static final int ENDED_KEPT = 10_000;

    private static final String UPSERT = """
            INSERT INTO job (number, state, node, epoch, record) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (number) DO UPDATE SET state = excluded.state, node = excluded.node,
                epoch = excluded.epoch, record = excluded.record
            """;

    /// One job's row. The record is the whole job as its owner writes it; the other columns are for people who
    /// look with sqlite3.
    public record Row(long number, JobState state, String node, int epoch, byte[] record) {}

    /// How long a row that nobody waits for is kept back, so that it shares the sync of the next one. A short job's
    /// start and end are then one write.
    private static final Duration COMPANY_WAIT = Duration.ofMillis(20);

    private record Write(Row row, Runnable committed, boolean urgent) {}

    private final Path file;
    private final Connection connection;
    private final BlockingQueue<Write> inbox = new LinkedBlockingQueue<>();
    private final Thread writer;
    private volatile @Nullable String trouble; // null while it can be written
    private long ended;

    /// Opens or creates the journal.
    ///
    /// @throws SQLException if the file cannot be used
    public Journal(Path file) throws SQLException {
        this.file = file;
        makePrivate(file);
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA synchronous = FULL");
            statement.execute("PRAGMA cache_size = -512");
            statement.execute(
                    "CREATE TABLE IF NOT EXISTS job (number INTEGER PRIMARY KEY, state TEXT NOT NULL, node TEXT, epoch"
                            + " INTEGER NOT NULL, record BLOB NOT NULL)");
        }
        connection.setAutoCommit(false);
        writer = Thread.ofPlatform().name("journal").daemon().start(this::write);
    }

    /// Jobs' environments and the secrets of their deputies are in it: it is for root alone. SQLite gives the
    /// files beside it the same mode.
    private static void makePrivate(Path file) throws SQLException {
        var ownerOnly = PosixFilePermissions.fromString("rw-------");
        try {
            if (Files.notExists(file)) Files.createFile(file, PosixFilePermissions.asFileAttribute(ownerOnly));
            for (String suffix : List.of("", "-wal", "-shm")) {
                Path one = file.resolveSibling(file.getFileName() + suffix);
                if (Files.exists(one)) Files.setPosixFilePermissions(one, ownerOnly);
            }
        } catch (IOException e) {
            throw new SQLException("cannot make " + file + " private: " + e.getMessage(), e);
        }
    }

    /// All rows, in order of their numbers. Call before the first write.
    public List<Row> load() throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                ResultSet result =
                        statement.executeQuery("SELECT number, state, node, epoch, record FROM job ORDER BY number")) {
            while (result.next())
                rows.add(new Row(
                        result.getLong(1),
                        JobState.valueOf(result.getString(2)),
                        result.getString(3),
                        result.getInt(4),
                        result.getBytes(5)));
        }
        return rows;
    }

    /// Writes a row; `committed` runs on the journal's thread once it is on disk. Rows of one job are written
    /// in the order of the calls. If the disk refuses (full), the write is tried again until it works: nobody
    /// is told of a state that is not on disk.
    public void write(Row row, Runnable committed) {
        inbox.add(new Write(row, committed, true));
    }

    /// Writes a row that nobody waits for: on disk with the next urgent one, or a moment later by itself.
    public void writeSoon(Row row) {
        inbox.add(new Write(row, () -> {}, false));
    }

    /// Why nothing can be written now, though it is tried again and again; empty while all goes well. Any thread.
    public Optional<String> trouble() {
        return Optional.ofNullable(trouble);
    }

    private void write() {
        try (PreparedStatement upsert = connection.prepareStatement(UPSERT)) {
            List<Write> batch = new ArrayList<>();
            try {
                while (true) writeNext(upsert, batch);
            } catch (InterruptedException e) { // closed: what is here is still written
                inbox.drainTo(batch);
                if (!batch.isEmpty() && commit(upsert, batch)) batch.forEach(write -> write.committed.run());
            }
        } catch (SQLException e) {
            LOG.error("the journal cannot be written", e);
        }
    }

    /// Waits for something to write and writes it with all that came meanwhile.
    ///
    /// @param batch what could not be written yet; empty when it was written
    private void writeNext(PreparedStatement upsert, List<Write> batch) throws InterruptedException {
        if (batch.isEmpty()) batch.add(inbox.take());
        inbox.drainTo(batch);
        awaitUrgent(batch);
        if (commit(upsert, batch)) {
            batch.forEach(write -> write.committed.run());
            batch.clear();
        } else {
            Thread.sleep(500); // the disk is full or failing: try again, with what has come since
        }
    }

    private void awaitUrgent(List<Write> batch) throws InterruptedException {
        long deadlineNanos = System.nanoTime() + COMPANY_WAIT.toNanos();
        while (batch.stream().noneMatch(Write::urgent)) {
            Write next = inbox.poll(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (next == null) return;
            batch.add(next);
            inbox.drainTo(batch);
        }
    }

    /// Of each job only the latest row counts.
    private static Collection<Row> latest(List<Write> batch) {
        Map<Long, Row> rows = new LinkedHashMap<>();
        for (Write write : batch) rows.put(write.row.number, write.row);
        return rows.values();
    }

    private boolean commit(PreparedStatement upsert, List<Write> batch) {
        try {
            for (Row row : latest(batch)) {
                upsert.setLong(1, row.number);
                upsert.setString(2, row.state.name());
                upsert.setString(3, row.node);
                upsert.setInt(4, row.epoch);
                upsert.setBytes(5, row.record);
                upsert.addBatch();
                if (row.state.isFinal()) ended++;
            }
            upsert.executeBatch();
            forgetOld(batch.getLast().row.number);
            connection.commit();
            trouble = null;
            return true;
        } catch (SQLException e) {
            trouble = file + " cannot be written: " + e.getMessage();
            LOG.error("journal: {}; jobs wait until it can be written", e.getMessage());
            beginAgain(upsert);
            return false;
        }
    }

    /// After a failure SQLite may have rolled back by itself, as it does when the disk is full. Then the driver's own
    /// rollback fails before it begins the next transaction, and without one no commit would work ever again.
    private void beginAgain(PreparedStatement upsert) {
        try {
            upsert.clearBatch();
            connection.rollback();
        } catch (SQLException e) {
            LOG.debug("rollback", e);
            try (var statement = connection.createStatement()) {
                statement.execute("BEGIN");
            } catch (SQLException stillInOne) {
                LOG.debug("begin", stillInOne);
            }
        }
    }

    private void forgetOld(long newest) throws SQLException {
        if (ended < ENDED_KEPT / 10) return;
        ended = 0;
        try (var statement =
                connection.prepareStatement("DELETE FROM job WHERE number < ? AND state IN ('EXITED', 'FAILED')")) {
            statement.setLong(1, newest - ENDED_KEPT);
            statement.executeUpdate();
        }
    }

    @Override
    public void close() {
        writer.interrupt();
        try {
            writer.join(2000);
            connection.close();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (SQLException e) {
            LOG.warn("closing the journal: {}", e.getMessage());
        }
    }
}
