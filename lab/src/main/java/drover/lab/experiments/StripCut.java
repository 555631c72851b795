package drover.lab.experiments;

import java.util.ArrayList;
import java.util.List;

/// Cuts a picture into strips of rows for a queue that nodes empty: large strips first, small ones last, so
/// that all nodes end at about the same time although rows differ in cost, and few strips pay the scene's
/// parsing again.
///
/// Source: guided self-scheduling, Polychronopoulos and Kuck, IEEE Trans. Computers 36(12), 1987; each piece is
/// the remaining rows over `2 * workers` (the factor 2 as in factoring, Hummel et al., CACM 35(8), 1992).
/// Deviation: heights are multiples of [#BLOCK_ROWS], because POV-Ray's antialiasing looks across no block of
/// 32 rows, and so cut pictures equal whole ones pixel by pixel.
public final class StripCut {
    public static final int BLOCK_ROWS = 32;

    /// Rows `first` to `last`, counted from 0, both included.
    public record Strip(int first, int last) {
        public Strip {
            if (first < 0 || last < first)
                throw new IllegalArgumentException("a strip has at least one row, got " + first + " to " + last);
        }

        public int rows() {
            return last - first + 1;
        }
    }

    private StripCut() {}

    public static List<Strip> cut(int rows, int workers) {
        if (rows < 1 || workers < 1)
            throw new IllegalArgumentException("rows and workers must be >= 1, got " + rows + " and " + workers);
        List<Strip> strips = new ArrayList<>();
        int next = 0;
        while (next < rows) {
            int wanted = (rows - next) / (2 * workers);
            int height = Math.max(BLOCK_ROWS, wanted / BLOCK_ROWS * BLOCK_ROWS);
            int last = Math.min(rows, next + height) - 1;
            strips.add(new Strip(next, last));
            next = last + 1;
        }
        return strips;
    }
}
