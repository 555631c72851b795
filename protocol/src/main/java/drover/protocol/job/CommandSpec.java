package drover.protocol.job;

import drover.model.Printable;
import drover.protocol.Wire;
import drover.protocol.WireException;
import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// The part of a deputy's spec that home's daemon reads: what to show to people, and which process the deputy
/// is. The rest (environment, limits, terminal) is the keeper's business.
///
/// @param deputyPid the deputy's pid at home, which the guest's first process gets too
/// @param directory working directory
/// @param path the executable
/// @param arguments with argv[0]
public record CommandSpec(int deputyPid, String directory, String path, List<String> arguments) {
    private static final int VERSION = 1;
    /// Longer command lines are shown cut.
    private static final int SHOWN_MAX_CHARS = 200;

    /// Reads the beginning of a spec, leaving the buffer's position as it was.
    ///
    /// @throws WireException if it is no spec
    public static CommandSpec peek(ByteBuf spec) {
        ByteBuf in = spec.duplicate();
        int version = Wire.readU8(in);
        if (version != VERSION) throw new WireException("unknown spec version " + version);
        Wire.readI32(in); // umask
        Wire.readI32(in); // nice
        int limits = Wire.readCount(in, 20);
        in.skipBytes(limits * 20);
        Wire.readI64(in); // ignored signals
        Wire.readI64(in); // blocked signals
        int deputyPid = Wire.readI32(in);
        String directory = Wire.readString(in);
        String path = Wire.readString(in);
        int count = Wire.readCount(in, Integer.BYTES);
        List<String> arguments = new ArrayList<>(Math.min(count, 64));
        for (int i = 0; i < count; i++) arguments.add(new String(Wire.readBytes(in), StandardCharsets.UTF_8));
        return new CommandSpec(deputyPid, directory, path, List.copyOf(arguments));
    }

    /// The command line as a person would like to read it: control characters replaced, cut when long.
    public String shown() {
        return Printable.line(String.join(" ", arguments), SHOWN_MAX_CHARS);
    }
}
