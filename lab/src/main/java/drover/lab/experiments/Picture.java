package drover.lab.experiments;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/// A decoded picture. Files of equal pictures differ (POV-Ray writes the date into them), so pixels are compared.
final class Picture {
    private final int width;
    private final int height;
    private final int[] pixels;

    private Picture(int width, int height, int[] pixels) {
        this.width = width;
        this.height = height;
        this.pixels = pixels;
    }

    static Picture read(Path file) throws IOException {
        if (!Files.isRegularFile(file)) throw new IOException("there is no " + file.getFileName());
        BufferedImage image = ImageIO.read(file.toFile());
        if (image == null) throw new IOException(file.getFileName() + " is no picture");
        return of(image);
    }

    static Picture of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        return new Picture(width, height, image.getRGB(0, 0, width, height, null, 0, width));
    }

    static Picture blank(int width, int height) {
        return new Picture(width, height, new int[width * height]);
    }

    /// Takes a tile from a picture of the same size.
    void take(Picture from, TileCut.Tile tile) {
        if (from.width != width || from.height != height)
            throw new IllegalArgumentException("cannot merge a picture of " + from.width + "x" + from.height
                    + " into one of " + width + "x" + height);
        for (int y = tile.y(); y < tile.y() + tile.height(); y++)
            System.arraycopy(from.pixels, y * width + tile.x(), pixels, y * width + tile.x(), tile.width());
    }

    int differingPixels(Picture other) {
        if (other.width != width || other.height != height) return Math.max(pixels.length, other.pixels.length);
        int differing = 0;
        for (int i = 0; i < pixels.length; i++) if (pixels[i] != other.pixels[i]) differing++;
        return differing;
    }

    void write(Path file) throws IOException {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, width, height, pixels, 0, width);
        ImageIO.write(image, "png", file.toFile());
    }
}
