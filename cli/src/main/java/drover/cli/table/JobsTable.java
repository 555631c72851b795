package drover.cli.table;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/// `drover ps` for a person.
public final class JobsTable {
    private JobsTable() {}

    /// The table of these jobs.
    ///
    /// @param withEnded adds the exit status, which only ended jobs have
    public static Table of(JsonNode jobs, boolean withEnded) {
        List<Column> columns = new ArrayList<>(List.of(
                Column.numbers("JOB", 0),
                Column.words("STATE", 0),
                Column.words("NODE", 0),
                Column.words("HOME", 5),
                Column.words("USER", 3),
                Column.numbers("CPU", 1),
                Column.numbers("RSS", 2),
                Column.numbers("MOVES", 4)));
        if (withEnded) columns.add(Column.numbers("EXIT", 1));
        columns.add(Column.words("COMMAND", 0));
        Table table = new Table(columns);
        for (JsonNode job : jobs) {
            List<String> cells = new ArrayList<>(List.of(
                    Cells.text(job, "job"),
                    job.path("frozen").asBoolean() ? "frozen" : Cells.text(job, "state"),
                    Cells.text(job, "node"),
                    Cells.text(job, "home"),
                    Cells.text(job, "user"),
                    Cells.seconds(job, "cpu_seconds"),
                    Cells.bytes(job, "rss"),
                    Cells.text(job, "moves")));
            if (withEnded) cells.add(Cells.text(job, "exit_status"));
            cells.add(Cells.text(job, "command"));
            table.row(cells);
        }
        return table;
    }
}
