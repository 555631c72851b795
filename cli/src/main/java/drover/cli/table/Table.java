package drover.cli.table;

import java.util.ArrayList;
import java.util.List;

/// Lines up rows under their columns and makes them fit a width: first the columns of the highest rank go, then
/// the last column is cut. One thread.
public final class Table {
    /// No limit: the output is no terminal.
    public static final int ANY_WIDTH = Integer.MAX_VALUE;

    /// The last column keeps at least this much before another column is given up for it.
    private static final int LAST_COLUMN_LEAST = 12;

    private static final String GAP = "  ";

    private final List<Column> columns;
    private final List<List<String>> rows = new ArrayList<>();

    public Table(List<Column> columns) {
        if (columns.isEmpty()) throw new IllegalArgumentException("a table needs a column");
        this.columns = List.copyOf(columns);
    }

    public void row(List<String> cells) {
        if (cells.size() != columns.size())
            throw new IllegalArgumentException("expected " + columns.size() + " cells, got " + cells);
        rows.add(cells.stream().map(Table::printable).toList());
    }

    /// The header and the rows, each at most `width` wide.
    public List<String> lines(int width) {
        List<Integer> shown = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) shown.add(i);
        while (leastWidth(shown) > width && dropOne(shown)) {
            // one column less each time
        }
        List<String> lines = new ArrayList<>();
        lines.add(line(shown, columns.stream().map(Column::title).toList(), width));
        for (List<String> row : rows) lines.add(line(shown, row, width));
        return lines;
    }

    private boolean dropOne(List<Integer> shown) {
        int drop = -1;
        for (int i : shown)
            if (columns.get(i).rank() > 0
                    && (drop < 0 || columns.get(i).rank() >= columns.get(drop).rank())) drop = i;
        int dropped = drop;
        return shown.removeIf(i -> i == dropped);
    }

    private int leastWidth(List<Integer> shown) {
        int sum = (shown.size() - 1) * GAP.length();
        for (int k = 0; k < shown.size(); k++) {
            int wide = widthOf(shown.get(k));
            boolean cut = k == shown.size() - 1 && columns.get(shown.get(k)).side() == Column.Side.LEFT;
            sum += cut ? Math.min(wide, LAST_COLUMN_LEAST) : wide;
        }
        return sum;
    }

    private int widthOf(int column) {
        int widest = length(columns.get(column).title());
        for (List<String> row : rows) widest = Math.max(widest, length(row.get(column)));
        return widest;
    }

    private String line(List<Integer> shown, List<String> cells, int width) {
        StringBuilder out = new StringBuilder();
        for (int k = 0; k < shown.size(); k++) {
            int column = shown.get(k);
            String cell = cells.get(column);
            int pad = widthOf(column) - length(cell);
            boolean right = columns.get(column).side() == Column.Side.RIGHT;
            if (k > 0) out.append(GAP);
            if (right) out.repeat(' ', pad);
            out.append(cell);
            if (!right && k < shown.size() - 1) out.repeat(' ', pad);
        }
        return cut(out.toString(), width);
    }

    /// The text, or its beginning with `…` when it is too wide.
    public static String cut(String text, int width) {
        if (length(text) <= width) return text;
        if (width <= 0) return "";
        return text.substring(0, text.offsetByCodePoints(0, width - 1)) + "…";
    }

    /// Text of a job or a peer must not steer the terminal.
    public static String printable(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints().forEach(c -> {
            boolean steers = Character.isISOControl(c)
                    || Character.getType(c) == Character.FORMAT
                    || Character.getType(c) == Character.LINE_SEPARATOR
                    || Character.getType(c) == Character.PARAGRAPH_SEPARATOR;
            out.appendCodePoint(steers ? '?' : c);
        });
        return out.toString();
    }

    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }
}
