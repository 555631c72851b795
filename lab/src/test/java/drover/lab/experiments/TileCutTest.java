package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;

class TileCutTest {
    @Test
    void tilesCoverEveryPixelOnce() {
        for (int side : List.of(1, 31, 32, 33, 96, 320, 1024, 1025))
            for (int workers : List.of(1, 2, 4, 14, 100)) {
                int[] covered = new int[side * side];
                for (TileCut.Tile tile : TileCut.cut(side, workers))
                    for (int y = tile.y(); y < tile.y() + tile.height(); y++)
                        for (int x = tile.x(); x < tile.x() + tile.width(); x++) covered[y * side + x]++;
                for (int times : covered) assertEquals(1, times, side + " pixels a side for " + workers);
            }
    }

    @Test
    void everyTileBeginsAtABlock() {
        for (TileCut.Tile tile : TileCut.cut(1024, 14)) {
            assertEquals(0, tile.x() % TileCut.BLOCK_SIDE, tile.toString());
            assertEquals(0, tile.y() % TileCut.BLOCK_SIDE, tile.toString());
        }
    }

    @Test
    void tilesShrink() {
        for (int workers : List.of(4, 14)) {
            List<TileCut.Tile> tiles = TileCut.cut(1024, workers);
            assertTrue(pixels(tiles.getFirst()) >= 2 * pixels(tiles.getLast()), tiles.toString());
            for (int i = 1; i < tiles.size(); i++)
                assertTrue(pixels(tiles.get(i)) <= pixels(tiles.get(i - 1)), tiles.toString());
        }
    }

    @Test
    void thereAreTwoToFiveTilesForEachWorker() {
        for (int workers : List.of(2, 4, 8, 14)) {
            int tiles = TileCut.cut(1024, workers).size();
            assertTrue(tiles >= 2 * workers && tiles <= 5 * workers, tiles + " tiles for " + workers);
        }
    }

    @Test
    void nonsenseIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> TileCut.cut(0, 1));
        assertThrows(IllegalArgumentException.class, () -> TileCut.cut(32, 0));
        assertThrows(IllegalArgumentException.class, () -> new TileCut.Tile(0, 0, 0, 4));
    }

    private static int pixels(TileCut.Tile tile) {
        return tile.width() * tile.height();
    }
}
