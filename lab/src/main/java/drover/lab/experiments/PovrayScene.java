package drover.lab.experiments;

import drover.lab.namespaces.LabException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A scene of Debian's povray-examples, rendered in strips. The strips' picture must equal the whole one.
public final class PovrayScene implements Workload {
    /// Side of the picture at scale 1: 1792 = 56 blocks of 32 rows, four for each of 14 nodes.
    private static final int FULL_SIDE = 1792;

    /// Antialiased well: 16 rays for a pixel on an edge. Each strip pays for parsing the scene and for writing a
    /// picture of full size: 0.28 s of CPU with 1888 pixels a side, where its own pixels, with `+A0.3` and nine
    /// rays, cost 0.38.
    private static final List<String> QUALITY = List.of("+A0.1", "+R4");

    private static final Path SCENE = Path.of("/usr/share/doc/povray/examples/advanced/biscuit.pov");
    private static final String WHOLE = "whole";

    private final int side;
    private final List<StripCut.Strip> strips;

    /// Chooses the size of the picture and cuts it.
    ///
    /// @param scale of the work: half of it is half as many pixels
    /// @param workers the largest number of nodes, for which it is cut
    public PovrayScene(double scale, int workers) {
        if (!(scale > 0)) throw new IllegalArgumentException("a picture's scale is more than 0, got " + scale);
        this.side = Math.max(
                3 * StripCut.BLOCK_ROWS,
                (int) Math.round(FULL_SIDE * Math.sqrt(scale) / StripCut.BLOCK_ROWS) * StripCut.BLOCK_ROWS);
        this.strips = StripCut.cut(side, workers);
    }

    @Override
    public String name() {
        return "povray";
    }

    @Override
    public String settings() {
        return SCENE.getFileName() + " " + side + "x" + side + " " + String.join(" ", QUALITY) + ", " + strips.size()
                + " strips";
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
        for (StripCut.Strip strip : strips) {
            // Rows count from 1 here, but +SR1 means "100 %" to POV-Ray: the first row is asked for as 0.
            String from = strip.first() == 0 ? "0" : Integer.toString(strip.first() + 1);
            jobs.add(render(name(strip), List.of("+SR" + from, "+ER" + (strip.last() + 1))));
        }
        return jobs;
    }

    @Override
    public Optional<SubJob> whole() {
        return Optional.of(render(WHOLE, List.of()));
    }

    private static String name(StripCut.Strip strip) {
        return "rows-%04d".formatted(strip.first());
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
        for (StripCut.Strip strip : strips) {
            try {
                merged.takeRows(Picture.read(results.resolve(name(strip) + ".png")), strip);
            } catch (IOException e) {
                lost++;
                problems.add("strip " + name(strip) + ": " + e.getMessage());
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
