package drover.architecture.impure.file;

import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// Reads a file, and touches native memory.
public final class FileReading {
    private FileReading() {}

    public static boolean there() {
        return Files.exists(Path.of("/")) && MemorySegment.NULL.byteSize() == 0;
    }
}
