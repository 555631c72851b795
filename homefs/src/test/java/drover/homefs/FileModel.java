package drover.homefs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;

/// What a small tree of files must look like after each operation, for a caller who may do everything.
/// Symbolic links are expected to lead nowhere. Not thread safe.
final class FileModel {
    /// One operation of `agent.py`: its name, and its arguments.
    record Operation(List<String> words) {
        static Operation of(String... words) {
            return new Operation(List.of(words));
        }

        String kind() {
            return words.getFirst();
        }

        String word(int at) {
            return words.get(at);
        }

        @Override
        public String toString() {
            return String.join(" ", words);
        }
    }

    private enum Kind {
        FILE,
        DIRECTORY,
        LINK
    }

    static final class File {
        private final Kind kind;
        private int mode;
        private int owner;
        private int links = 1;
        private byte[] content = {};
        private String target = "";
        private final Map<String, String> xattrs = new TreeMap<>();
        private final Map<String, File> entries = new TreeMap<>();

        private File(Kind kind) {
            this.kind = kind;
            mode = kind == Kind.DIRECTORY ? 0755 : 0644;
        }

        boolean isRegular() {
            return kind == Kind.FILE;
        }

        int links() {
            return links;
        }

        /// As `agent.py` puts what it sees.
        String described() {
            String owned = Integer.toOctalString(mode) + " " + owner + " " + owner + " ";
            String more = " {"
                    + String.join(
                            ",",
                            xattrs.entrySet().stream().map(Map.Entry::toString).toList()) + "}";
            return switch (kind) {
                case LINK -> "l " + links + " " + target;
                case DIRECTORY -> "d " + owned + "[" + String.join(",", entries.keySet()) + "]" + more;
                case FILE -> held() + more;
            };
        }

        /// The same of one that is held open.
        String held() {
            CRC32 sum = new CRC32();
            sum.update(content);
            return "f " + Integer.toOctalString(mode) + " " + owner + " " + owner + " " + links + " " + content.length
                    + " " + content.length + ":" + String.format("%08x", sum.getValue());
        }

        void write(int offset, byte[] data) {
            if (data.length == 0) return;
            if (content.length < offset + data.length) content = java.util.Arrays.copyOf(content, offset + data.length);
            content = content.clone();
            System.arraycopy(data, 0, content, offset, data.length);
        }

        void truncate(int length) {
            content = java.util.Arrays.copyOf(content, length);
        }
    }

    private final File root;

    FileModel() {
        this(new File(Kind.DIRECTORY));
    }

    private FileModel(File root) {
        this.root = root;
    }

    /// One that goes on by itself. `held` are files of this model, and become those of the copy.
    FileModel copy(Map<String, File> held) {
        Map<File, File> copies = new HashMap<>();
        FileModel copy = new FileModel(copy(root, copies));
        held.replaceAll((number, file) -> copy(file, copies));
        return copy;
    }

    private static File copy(File file, Map<File, File> copies) {
        File known = copies.get(file);
        if (known != null) return known;
        File copy = new File(file.kind);
        copies.put(file, copy);
        copy.mode = file.mode;
        copy.owner = file.owner;
        copy.links = file.links;
        copy.content = file.content;
        copy.target = file.target;
        copy.xattrs.putAll(file.xattrs);
        file.entries.forEach((name, entry) -> copy.entries.put(name, copy(entry, copies)));
        return copy;
    }

    /// Null if there is none.
    File find(String path) {
        File at = root;
        if (path.equals(".")) return at;
        for (String name : path.split("/", -1)) {
            at = at.entries.get(name);
            if (at == null) return null;
        }
        return at;
    }

    String described(String path) {
        File file = find(path);
        return file == null ? "-" : file.described();
    }

    /// All paths there are.
    List<String> paths() {
        List<String> paths = new ArrayList<>();
        collect("", root, paths);
        return paths;
    }

    private static void collect(String prefix, File directory, List<String> paths) {
        directory.entries.forEach((name, file) -> {
            paths.add(prefix + name);
            collect(prefix + name + "/", file, paths);
        });
    }

    /// Returns whether it succeeds; if not, nothing has changed.
    boolean apply(Operation o, Map<String, File> held) {
        String path = o.words.size() > 1 ? o.word(1) : "";
        return switch (o.kind()) {
            case "create" -> make(path, Kind.FILE, file -> file.content = data(o.word(2)));
            case "mkdir" -> make(path, Kind.DIRECTORY, file -> {});
            case "symlink" -> make(path, Kind.LINK, file -> file.target = o.word(2));
            case "replace" -> onFile(path, file -> file.content = data(o.word(2)));
            case "append" -> onFile(path, file -> file.write(file.content.length, data(o.word(2))));
            case "write" -> onFile(path, file -> file.write(Integer.parseInt(o.word(2)), data(o.word(3))));
            case "truncate" -> onFile(path, file -> file.truncate(Integer.parseInt(o.word(2))));
            case "unlink" -> remove(path, false);
            case "rmdir" -> remove(path, true);
            case "link" -> link(path, o.word(2));
            case "rename" -> rename(path, o.word(2));
            case "exchange" -> exchange(path, o.word(2));
            case "chmod" -> onTarget(path, file -> file.mode = Integer.parseInt(o.word(2), 8));
            case "chown" -> onTarget(path, file -> file.owner = Integer.parseInt(o.word(2)));
            case "utimens" -> onTarget(path, file -> {});
            case "setxattr" -> onTarget(path, file -> file.xattrs.put(o.word(2), o.word(3)));
            case "removexattr" -> {
                File file = find(path);
                yield file != null && file.kind != Kind.LINK && file.xattrs.remove(o.word(2)) != null;
            }
            case "hold" -> onFile(o.word(2), file -> held.put(path, file));
            case "writeheld" -> {
                held.get(path).write(Integer.parseInt(o.word(2)), data(o.word(3)));
                yield true;
            }
            case "truncateheld" -> {
                held.get(path).truncate(Integer.parseInt(o.word(2)));
                yield true;
            }
            case "close" -> held.remove(path) != null;
            default -> throw new IllegalArgumentException("no such operation: " + o);
        };
    }

    static byte[] data(String text) {
        String[] parts = text.split("\\*", -1);
        return parts[0].repeat(Integer.parseInt(parts[1])).getBytes(StandardCharsets.US_ASCII);
    }

    /// Null if there is no such directory.
    private File parent(String path) {
        int slash = path.lastIndexOf('/');
        File parent = slash < 0 ? root : find(path.substring(0, slash));
        return parent != null && parent.kind == Kind.DIRECTORY ? parent : null;
    }

    private static String name(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    private boolean make(String path, Kind kind, java.util.function.Consumer<File> fill) {
        File parent = parent(path);
        if (parent == null || parent.entries.containsKey(name(path))) return false;
        File file = new File(kind);
        fill.accept(file);
        parent.entries.put(name(path), file);
        return true;
    }

    private boolean onFile(String path, java.util.function.Consumer<File> change) {
        File file = find(path);
        if (file == null || file.kind != Kind.FILE) return false;
        change.accept(file);
        return true;
    }

    private boolean onTarget(String path, java.util.function.Consumer<File> change) {
        File file = find(path);
        if (file == null || file.kind == Kind.LINK) return false;
        change.accept(file);
        return true;
    }

    private boolean remove(String path, boolean directory) {
        File file = find(path);
        if (file == null || directory != (file.kind == Kind.DIRECTORY) || !file.entries.isEmpty()) return false;
        parent(path).entries.remove(name(path));
        file.links--;
        return true;
    }

    private boolean link(String path, String newPath) {
        File file = find(path);
        File parent = parent(newPath);
        if (file == null || file.kind == Kind.DIRECTORY || parent == null) return false;
        if (parent.entries.putIfAbsent(name(newPath), file) != null) return false;
        file.links++;
        return true;
    }

    private boolean rename(String path, String newPath) {
        File file = find(path);
        File to = parent(newPath);
        if (file == null || to == null) return false;
        File there = to.entries.get(name(newPath));
        if (there == file) return true;
        if (newPath.startsWith(path + "/")) return false;
        if (there != null) {
            boolean directory = file.kind == Kind.DIRECTORY;
            if (directory != (there.kind == Kind.DIRECTORY) || !there.entries.isEmpty()) return false;
            there.links--;
        }
        parent(path).entries.remove(name(path));
        to.entries.put(name(newPath), file);
        return true;
    }

    private boolean exchange(String path, String other) {
        File file = find(path);
        File there = find(other);
        if (file == null || there == null) return false;
        if (file == there) return true;
        if (other.startsWith(path + "/") || path.startsWith(other + "/")) return false;
        File from = parent(path);
        File to = parent(other);
        from.entries.put(name(path), there);
        to.entries.put(name(other), file);
        return true;
    }
}
