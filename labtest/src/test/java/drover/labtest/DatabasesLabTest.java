package drover.labtest;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Databases whose files are at home, with their locks, journals and shared memory.
class DatabasesLabTest extends RealPrograms {
    private static final int ROWS = 100 * SCALE;

    @BeforeAll
    static void scripts() throws Exception {
        bring("sqlite.py", "/srv/sqlite.py");
        lab.addUsers();
    }

    private static void make(String database, String mode) throws Exception {
        lab.sh(
                "n1",
                "python3 -c \"import sqlite3; db = sqlite3.connect('" + database + "');"
                        + " db.execute('pragma journal_mode=" + mode
                        + "'); db.execute('create table row(writer text, i integer,"
                        + " pad text, primary key (writer, i))'); db.execute('create table seen(n integer)')\"");
    }

    private static Job writer(String node, String name, String database, String mode) {
        return new Job(node, "python3 /srv/sqlite.py " + database + " " + name + " " + ROWS + " " + mode);
    }

    private static void assertNothingIsLost(int writers, String database) throws Exception {
        String rows = lab.sh(
                "n1",
                "python3 -c \"import sqlite3; db = sqlite3.connect('" + database + "');"
                        + " print(*db.execute('pragma integrity_check').fetchone(), *db.execute('select count(*) from row').fetchone(),"
                        + " *db.execute('select count(*), count(distinct n), max(n) from seen').fetchone())\"");
        int all = writers * ROWS;
        assertEquals("ok " + all * 9 / 10 + " " + all + " " + all + " " + (all - 1), rows);
    }

    @ParameterizedTest
    @ValueSource(strings = {"delete", "truncate", "persist"})
    void twoNodesWriteOneSqliteDatabaseAtOnce(String mode) throws Exception {
        String database = "/srv/" + mode + ".db";
        make(database, mode);
        List<String> checks = together(
                writer("n2", "a", database, mode),
                writer("n3", "b", database, mode),
                writer("n2", "c", database, mode));
        assertEquals(List.of("ok", "ok", "ok"), checks);
        assertNothingIsLost(3, database);
    }

    @Test
    void processesOfOneNodeShareTheMemoryOfAWriteAheadLog() throws Exception {
        make("/srv/wal.db", "wal");
        List<String> checks = together(
                writer("n2", "a", "/srv/wal.db", "wal"),
                writer("n2", "b", "/srv/wal.db", "wal"),
                writer("n2", "c", "/srv/wal.db", "wal"));
        assertEquals(List.of("ok", "ok", "ok"), checks);
        assertNothingIsLost(3, "/srv/wal.db");
    }

    /// Each holds the database open until it is told to end.
    private static Command holder(String node, String name) throws Exception {
        String program = "import sqlite3, os, time; db = sqlite3.connect('/srv/one.db', timeout=0.1);"
                + " db.execute(\"insert into row values('" + name + "', 0, '')\"); db.commit();"
                + " open('/srv/" + name + ".has', 'w').close()\n"
                + "while not os.path.exists('/srv/" + name + ".end'): time.sleep(0.05)";
        return node.equals("n1")
                ? lab.start("n1", "python3", "-c", program)
                : lab.startRun(node, "python3", "-c", program);
    }

    @Test
    void aWriteAheadLogIsLeftToOneMachineAtATime() throws Exception {
        make("/srv/one.db", "wal");
        String busy = "python3 -c \"import sqlite3; db = sqlite3.connect('/srv/one.db', timeout=0.1);"
                + " db.execute('select count(*) from row').fetchone()\" 2>&1 | tail -1";
        for (String first : List.of("n2", "n1")) {
            try (Command holder = holder(first, first)) {
                TestLab.awaitTrue(
                        first + " has it",
                        () -> lab.at("n1", "test", "-e", "/srv/" + first + ".has")
                                        .exitStatus()
                                == 0);
                // SQLite itself tries for some ten seconds
                assertEquals("sqlite3.OperationalError: locking protocol", at("n3", busy));
                lab.sh("n1", "touch /srv/" + first + ".end");
                holder.await(LONG).orFail();
            }
            try (Command holder = holder("n3", "n3" + first)) {
                lab.sh("n1", "touch /srv/n3" + first + ".end");
                holder.await(LONG).orFail();
            }
        }
        assertEquals(
                "ok 4",
                lab.sh(
                        "n1",
                        "python3 -c \"import sqlite3; db = sqlite3.connect('/srv/one.db');"
                                + " print(*db.execute('pragma integrity_check').fetchone(), *db.execute('select count(*) from row').fetchone())\""));
    }

    @Test
    void postgresServesAnOrdinaryUserFromAnotherNode() throws Exception {
        needs("/usr/lib/postgresql/*/bin/postgres");
        String output = as("ann", "n2", """
                cd /home/ann; PATH=$(echo /usr/lib/postgresql/*/bin):$PATH; export PGHOST=/home/ann LC_ALL=C
                initdb -D data -A trust -k --no-instructions > initdb.log 2>&1 || { cat initdb.log; exit 1; }
                pg_ctl -D data -w -l log -o "-k $PGHOST -h ''" start > start.log || { cat log; exit 1; }
                pgbench -i -q -s 1 postgres 2> init.log
                pgbench -c 4 -t 200 postgres > bench.log 2>&1 || { cat bench.log log; exit 1; }
                grep 'actually processed\\|failed' bench.log
                psql -Atc 'select sum(abalance) = (select sum(delta) from pgbench_history) from pgbench_accounts' postgres
                psql -Atc 'select count(*) from pgbench_history' postgres
                pg_ctl -D data -w -m fast stop > stop.log
                pg_checksums --check -D data | grep 'Bad checksums'""".replace("-t 200", "-t " + 200 * SCALE));
        int transactions = 4 * 200 * SCALE;
        assertTrue(output.contains("processed: " + transactions + "/" + transactions), output);
        assertTrue(output.contains("failed transactions: 0 "), output);
        assertTrue(output.contains("\nt\n" + transactions + "\n"), output);
        assertTrue(output.contains("Bad checksums:  0"), output);
        assertEquals("ann", lab.sh("n1", "stat -c %U /home/ann/data/base"));
        // home goes on with what the node left
        String there = lab.as(
                        "ann",
                        "n1",
                        "sh",
                        "-c",
                        "cd /home/ann; PATH=$(echo /usr/lib/postgresql/*/bin):$PATH;"
                                + " pg_ctl -D data -w -l log -o \"-k /home/ann -h ''\" start > start.log && psql -h /home/ann"
                                + " -Atc 'select count(*) from pgbench_history' postgres; pg_ctl -D data -m fast stop > stop.log")
                .orFail();
        assertEquals("" + transactions, there);
    }
}
