package drover.lab.experiments;

import drover.lab.namespaces.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A scene of Debian's povray-examples, rendered in tiles. The tiles' picture must equal the whole one.
public final class PovrayScene implements Workload {
    /// Side of the picture at scale 1: 30 rows of 30 blocks, 64 blocks for each of 14 nodes.
    private static final int FULL_SIDE = 960;

    /// 36 rays for each pixel. A tile pays 0.13 s of CPU for parsing the scene and for writing a picture of this
    /// size, and sleeps 0.65 s before its first pixel, where half a row's pixels cost 1.2 at the mean.
    private static final List<String> QUALITY = List.of("+A0.0", "+R6");

    private static final Path SCENE = Path.of("/usr/share/doc/povray/examples/advanced/biscuit.pov");
    private static final String WHOLE = "whole";

    private final int side;
    private final List<TileCut.Tile> tiles;

    /// Chooses the size of the picture and cuts it.
    ///
    /// @param scale of the work: half of it is half as many pixels
    /// @param workers the largest number of nodes, for which it is cut
    public PovrayScene(double scale, int workers) {
        if (!(scale > 0)) throw new IllegalArgumentException("a picture's scale is more than 0, got " + scale);
        this.side = Math.max(
                3 * TileCut.BLOCK_SIDE,
                (int) Math.round(FULL_SIDE * Math.sqrt(scale) / TileCut.BLOCK_SIDE) * TileCut.BLOCK_SIDE);
        this.tiles = TileCut.cut(side, workers);
    }

    @Override
    public String name() {
        return "povray";
    }

    @Override
    public String settings() {
        return SCENE.getFileName() + " " + side + "x" + side + " " + String.join(" ", QUALITY) + ", " + tiles.size()
                + " tiles";
    }

    @Override
    public List<Requirement> requirements() {
        return List.of(
                new Requirement(Path.of("/usr/bin/povray"), "povray"),
                new Requirement(Path.of("/usr/share/povray-3.7/include/colors.inc"), "povray-includes"),
                new Requirement(SCENE, "povray-examples"));
    }

    @Override
    public List<SubJob> subJobs() {
        List<SubJob> jobs = new ArrayList<>();
        for (TileCut.Tile tile : tiles) {
            List<String> part = new ArrayList<>();
            part.addAll(range("+SR", "+ER", tile.y(), tile.height()));
            part.addAll(range("+SC", "+EC", tile.x(), tile.width()));
            jobs.add(render(name(tile), part));
        }
        return jobs;
    }

    @Override
    public Optional<SubJob> whole() {
        return Optional.of(render(WHOLE, List.of()));
    }

    /// Rows and columns count from 1 here, but a start of 1 means "100 %" to POV-Ray: the first is asked for as 0.
    private static List<String> range(String start, String end, int first, int count) {
        return List.of(start + (first == 0 ? 0 : first + 1), end + (first + count));
    }

    private static String name(TileCut.Tile tile) {
        return "tile-%04d-%04d".formatted(tile.y(), tile.x());
    }

    private SubJob render(String name, List<String> part) {
        return new SubJob(name, name + ".png", povray(part, "+O" + name + ".png"), povray(part, "+O-"));
    }

    private List<String> povray(List<String> part, String output) {
        List<String> command = new ArrayList<>(List.of("povray", "+I" + SCENE, "+W" + side, "+H" + side));
        command.addAll(QUALITY);
        command.addAll(List.of("+WT1", "-D", "-GA", "+FN", output));
        command.addAll(part);
        return command;
    }

    @Override
    public Verdict verify(Path results, Path keep) throws IOException {
        Path reference = keep.resolve("whole.png");
        Path whole = results.resolve(WHOLE + ".png");
        if (Files.exists(whole)) {
            Picture.read(whole).write(reference);
            return new Verdict(0, List.of());
        }
        List<String> problems = new ArrayList<>();
        Picture merged = Picture.blank(side, side);
        int lost = 0;
        for (TileCut.Tile tile : tiles) {
            try {
                merged.take(Picture.read(results.resolve(name(tile) + ".png")), tile);
            } catch (IOException e) {
                lost++;
                problems.add(name(tile) + ": " + e.getMessage());
            }
        }
        merged.write(keep.resolve("picture.png"));
        if (!Files.exists(reference))
            throw new LabException("the whole picture, to compare with, is not in " + keep + ": it is rendered first");
        int differing = merged.differingPixels(Picture.read(reference));
        if (differing > 0) problems.add(differing + " pixels differ from the picture that was rendered alone");
        return new Verdict(lost, problems);
    }
}
