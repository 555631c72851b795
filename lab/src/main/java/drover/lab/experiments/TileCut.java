package drover.lab.experiments;

import java.util.ArrayList;
import java.util.List;

/// Cuts a picture into tiles for a queue that nodes empty: large tiles first, small ones last, so that all nodes
/// end at about the same time although tiles differ in cost, and few tiles pay again for parsing the scene.
///
/// Source: guided self-scheduling, Polychronopoulos and Kuck, IEEE Trans. Computers 36(12), 1987; each piece is
/// what remains over `2 * workers` (the factor 2 as in factoring, Hummel et al., CACM 35(8), 1992), but no less
/// than a quarter of a worker's share. Deviation: a tile is whole rows of blocks, or an equal part of one row, and
/// blocks are never cut, because POV-Ray's antialiasing looks across no block of 32 x 32 pixels, and so cut
/// pictures equal whole ones pixel by pixel.
public final class TileCut {
    public static final int BLOCK_SIDE = 32;

    private static final int LEAST_PER_WORKER = 4;

    /// A rectangle of pixels, counted from 0.
    public record Tile(int x, int y, int width, int height) {
        public Tile {
            if (x < 0 || y < 0 || width < 1 || height < 1)
                throw new IllegalArgumentException(
                        "a tile has at least one pixel, got " + width + "x" + height + " at " + x + "," + y);
        }
    }

    private TileCut() {}

    /// Cuts a square picture.
    ///
    /// @param side of the picture, in pixels
    /// @param workers that empty the queue
    /// @return tiles that cover each pixel once, from the top
    public static List<Tile> cut(int side, int workers) {
        if (side < 1 || workers < 1)
            throw new IllegalArgumentException("side and workers must be >= 1, got " + side + " and " + workers);
        int blocks = (side + BLOCK_SIDE - 1) / BLOCK_SIDE;
        double least = (double) blocks * blocks / (LEAST_PER_WORKER * workers);
        List<Tile> tiles = new ArrayList<>();
        int row = 0;
        while (row < blocks) {
            double wanted = Math.max(least, (double) (blocks - row) * blocks / (2 * workers));
            int rows = Math.max(1, (int) (wanted / blocks));
            int parts = Math.min(blocks, (int) Math.ceil(blocks / wanted));
            int y = row * BLOCK_SIDE;
            int height = Math.min(side, y + rows * BLOCK_SIDE) - y;
            for (int part = 0; part < parts; part++) {
                int x = part * blocks / parts * BLOCK_SIDE;
                int end = Math.min(side, (part + 1) * blocks / parts * BLOCK_SIDE);
                tiles.add(new Tile(x, y, end - x, height));
            }
            row += rows;
        }
        return tiles;
    }
}
