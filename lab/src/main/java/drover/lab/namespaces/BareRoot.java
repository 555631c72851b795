package drover.lab.namespaces;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// What a bare node's disk holds besides the JDK and Drover: the loader and the libraries that the JDK is linked
/// against, and tables of users and groups with hardly anybody in them. No shell, no tool.
final class BareRoot {
    /// `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)` or `/lib64/ld-linux-x86-64.so.2 (0x...)`, from
    /// ldd(1).
    private static final Pattern LIBRARY = Pattern.compile("(?:=>\\s+)?(/\\S+) \\(0x[0-9a-f]+\\)");

    /// Parts of the JDK that a daemon never loads; they would bring half of X11 along.
    private static final Pattern GRAPHICS = Pattern.compile("awt|splash|sound|font|lcms|jpeg|mlib|freetype");

    private BareRoot() {}

    /// Writes the small files into the lab's directory and returns lines `SOURCE<tab>TARGET`.
    static List<String> prepare(LabDirectory lab, Path jdk) throws IOException {
        Path etc = Files.createDirectories(lab.path().resolve("bare-etc"));
        Files.writeString(
                etc.resolve("passwd"),
                "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n");
        Files.writeString(etc.resolve("group"), "root:x:0:\nnogroup:x:65534:\n");
        Files.writeString(etc.resolve("nsswitch.conf"), "passwd: files\ngroup: files\nhosts: files\n");
        List<String> lines = new ArrayList<>();
        for (String name : List.of("passwd", "group", "nsswitch.conf")) lines.add(etc.resolve(name) + "\t/etc/" + name);
        libraries(jdk).forEach((target, source) -> lines.add(source + "\t" + target));
        return lines;
    }

    private static Map<String, Path> libraries(Path jdk) throws IOException {
        List<String> command =
                new ArrayList<>(List.of("ldd", jdk.resolve("bin/java").toString()));
        try (Stream<Path> below = Files.walk(jdk.resolve("lib"))) {
            below.filter(file -> file.toString().endsWith(".so")
                            && !GRAPHICS.matcher(file.toString()).find())
                    .forEach(file -> command.add(file.toString()));
        }
        String listing = Programs.attempt(command, "", Programs.USUAL_LIMIT).output();
        Map<String, Path> found = new TreeMap<>();
        Matcher matcher = LIBRARY.matcher(listing);
        while (matcher.find()) {
            Path library = Path.of(matcher.group(1));
            if (!library.startsWith(jdk)) found.put(library.toString(), library.toRealPath());
        }
        // Native parts of libraries in Java, loaded at run time, are linked against these only; glibc has no more parts
        // that are looked for by name than its reader of /etc/hosts, which is inside libc since 2.34.
        if (found.keySet().stream().noneMatch(name -> name.contains("libc.so")))
            throw new LabException("cannot tell which libraries " + jdk + " needs: ldd listed no libc");
        return found;
    }
}
