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
    /// `libz.so.1 => /lib/x86_64-linux-gnu/libz.so.1 (0x...)` or `/lib64/ld-linux-x86-64.so.2 (0x...)`, from the
    /// loader, see ld.so(8).
    private static final Pattern LIBRARY = Pattern.compile("(?:=>\\s+)?(/\\S+) \\(0x[0-9a-f]+\\)");

    private static final Pattern LOADER = Pattern.compile("(/\\S*/ld-linux\\S*) \\(0x");

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
        linkedFiles(jdk).forEach((target, source) -> lines.add(source + "\t" + target));
        return lines;
    }

    /// The files outside the JDK that are part of it by a link: Debian keeps its configuration in /etc.
    static Map<String, Path> linkedFiles(Path jdk) throws IOException {
        Map<String, Path> found = new TreeMap<>();
        try (Stream<Path> below = Files.walk(jdk)) {
            for (Path link : below.filter(Files::isSymbolicLink).toList()) {
                Path target = link.resolveSibling(Files.readSymbolicLink(link)).normalize();
                if (!target.startsWith(jdk) && Files.isRegularFile(target))
                    found.put(target.toString(), target.toRealPath());
            }
        }
        return found;
    }

    private static Map<String, Path> libraries(Path jdk) throws IOException {
        Path java = jdk.resolve("bin/java");
        // ldd(1) would ask this machine's loader; a JDK that setup/jdk unpacked has its own beside it.
        String listing = Programs.run(List.of("env", "LD_TRACE_LOADED_OBJECTS=1", java.toString()));
        Matcher loader = LOADER.matcher(listing);
        if (!loader.find())
            throw new LabException("cannot tell which libraries " + jdk + " needs: " + java + " names no loader");
        List<Path> parts;
        try (Stream<Path> below = Files.walk(jdk.resolve("lib"))) {
            parts = below.filter(file -> file.toString().endsWith(".so")
                            && !GRAPHICS.matcher(file.toString()).find())
                    .toList();
        }
        StringBuilder all = new StringBuilder(listing);
        for (Path part : parts)
            all.append(Programs.attempt(List.of(loader.group(1), "--list", part.toString()), "", Programs.USUAL_LIMIT)
                    .output());
        Map<String, Path> found = new TreeMap<>();
        Matcher matcher = LIBRARY.matcher(all);
        while (matcher.find()) {
            Path library = Path.of(matcher.group(1));
            if (!library.startsWith(jdk)) found.put(library.toString(), library.toRealPath());
        }
        String libc = found.keySet().stream()
                .filter(name -> name.endsWith("/libc.so.6"))
                .findFirst()
                .orElseThrow(() -> new LabException(
                        "cannot tell which libraries " + jdk + " needs: its loader listed no libc.so.6"));
        // Native parts of libraries in Java are loaded at run time; those built for older systems ask for parts of
        // glibc that are inside libc since 2.34. Its reader of /etc/hosts, once looked for by name, is inside, too.
        for (String name : List.of("libpthread.so.0", "libdl.so.2", "librt.so.1")) {
            Path part = Path.of(libc).resolveSibling(name);
            if (Files.exists(part)) found.put(part.toString(), part.toRealPath());
        }
        return found;
    }
}
