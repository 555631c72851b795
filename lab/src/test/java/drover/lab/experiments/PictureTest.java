package drover.lab.experiments;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.awt.image.BufferedImage;
import org.junit.jupiter.api.Test;

class PictureTest {
    private static Picture picture(int width, int height, int shift) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++)
            for (int x = 0; x < width; x++) image.setRGB(x, y, (y * width + x) * 7 + shift);
        return Picture.of(image);
    }

    @Test
    void aPictureMergedFromItsTilesEqualsIt() {
        Picture whole = picture(100, 100, 0);
        Picture merged = Picture.blank(100, 100);
        for (TileCut.Tile tile : TileCut.cut(100, 2)) merged.take(whole, tile);
        assertEquals(0, merged.differingPixels(whole));
    }

    @Test
    void aMissingTileIsSeen() {
        Picture whole = picture(100, 100, 1);
        Picture merged = Picture.blank(100, 100);
        merged.take(whole, new TileCut.Tile(0, 0, 64, 64));
        assertEquals(100 * 100 - 64 * 64, merged.differingPixels(whole));
    }

    @Test
    void oneOtherPixelIsSeen() {
        BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB);
        Picture before = Picture.of(image);
        image.setRGB(7, 7, 0x010000);
        assertEquals(1, before.differingPixels(Picture.of(image)));
    }

    @Test
    void picturesOfOtherSizesNeitherMergeNorEqual() {
        Picture small = picture(4, 4, 0);
        Picture large = picture(4, 8, 0);
        assertThrows(IllegalArgumentException.class, () -> large.take(small, new TileCut.Tile(0, 0, 4, 4)));
        assertEquals(32, large.differingPixels(small));
    }
}
