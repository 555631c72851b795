package drover.cli.table;

/// One column of a table.
///
/// @param title what stands above it
/// @param side  numbers go right, words left
/// @param rank  when the terminal is too narrow, columns of the highest rank go first; rank 0 never goes
public record Column(String title, Side side, int rank) {
    /// Where a cell's text stands.
    public enum Side {
        LEFT,
        RIGHT
    }

    public Column {
        if (rank < 0) throw new IllegalArgumentException("rank must be >= 0, got " + rank);
    }

    public static Column words(String title, int rank) {
        return new Column(title, Side.LEFT, rank);
    }

    public static Column numbers(String title, int rank) {
        return new Column(title, Side.RIGHT, rank);
    }
}
