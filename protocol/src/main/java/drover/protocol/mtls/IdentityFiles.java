package drover.protocol.mtls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// The identity on disk: one file `node.pem`, mode 0600, holding the key, the certificate and the authorities,
/// so that one rename replaces all of them together.
public final class IdentityFiles {
    private IdentityFiles() {}

    public static Path nodePem(Path identityDirectory) {
        return identityDirectory.resolve("node.pem");
    }

    /// Reads `node.pem`.
    ///
    /// @throws IOException when the file cannot be read or is damaged; the message names it
    public static IdentityMaterial read(Path identityDirectory) throws IOException {
        Path file = nodePem(identityDirectory);
        try {
            return parse(Files.readString(file, StandardCharsets.US_ASCII));
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            throw new IOException("the identity in " + file + " is damaged: " + e.getMessage(), e);
        }
    }

    public static void write(Path identityDirectory, IdentityMaterial material) throws IOException {
        var text = new StringBuilder();
        text.append(Pem.encode("PRIVATE KEY", material.key().getEncoded()));
        try {
            text.append(Pem.encode("CERTIFICATE", material.certificate().getEncoded()));
            for (X509Certificate authority : material.authorities())
                text.append(Pem.encode("CERTIFICATE", authority.getEncoded()));
        } catch (CertificateException e) {
            throw new IOException("a certificate cannot be encoded", e);
        }
        replace(nodePem(identityDirectory), text.toString().getBytes(StandardCharsets.US_ASCII));
    }

    /// Replaces a file so that a reader, or the next boot, sees either all of the old or all of the new content.
    /// The file is 0600, its directory 0700.
    public static void replace(Path file, byte[] content) throws IOException {
        Path directory = file.toAbsolutePath().getParent();
        if (directory == null) throw new IOException(file + " has no directory");
        makeOwnOnly(directory);
        Path fresh = Files.createTempFile(
                directory,
                "." + file.getFileName(),
                ".new",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            try (FileChannel out = FileChannel.open(fresh, Set.of(StandardOpenOption.WRITE))) {
                ByteBuffer rest = ByteBuffer.wrap(content);
                while (rest.hasRemaining()) out.write(rest);
                out.force(true);
            }
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(fresh);
        }
        try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
            parent.force(true);
        }
    }

    /// Only the last directory is closed to others: the ones above it may hold other things.
    private static void makeOwnOnly(Path directory) throws IOException {
        if (Files.isDirectory(directory)) return;
        Path above = directory.getParent();
        if (above != null) Files.createDirectories(above);
        try {
            Files.createDirectory(
                    directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) throw e; // another thread or command made it just now
        }
    }

    private static IdentityMaterial parse(String text) throws GeneralSecurityException {
        var certificates = new ArrayList<X509Certificate>();
        var keys = new ArrayList<PrivateKey>();
        for (Pem.Block block : Pem.decode(text)) {
            switch (block.label()) {
                case "PRIVATE KEY" -> keys.add(key(block.der()));
                case "CERTIFICATE" -> certificates.add(certificate(block.der()));
                default -> throw new CertificateException("unknown block " + block.label());
            }
        }
        if (keys.size() != 1 || certificates.size() < 2)
            throw new CertificateException("expected one key and at least two certificates, found " + keys.size()
                    + " and " + certificates.size());
        List<X509Certificate> authorities = certificates.subList(1, certificates.size());
        return new IdentityMaterial(keys.getFirst(), certificates.getFirst(), authorities);
    }

    public static PrivateKey key(byte[] pkcs8) throws GeneralSecurityException {
        return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
    }

    public static X509Certificate certificate(byte[] der) throws CertificateException {
        return (X509Certificate)
                CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(der));
    }
}
