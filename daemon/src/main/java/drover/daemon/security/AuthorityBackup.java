package drover.daemon.security;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import drover.protocol.mtls.IdentityFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Optional;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/// The authority, key, book and all, in one file that is worth nothing without its passphrase.
/// Form: "DROVERCA", u8 version 1, salt (16), nonce (12), AES-256-GCM of the JSON of both files, the head being
/// authenticated too; the key is PBKDF2-HMAC-SHA256 of the passphrase (RFC 8018), 600,000 rounds (OWASP's figure of
/// 2023).
final class AuthorityBackup {
    private static final byte[] MAGIC = "DROVERCA\u0001".getBytes(StandardCharsets.US_ASCII);
    private static final int SALT_BYTES = 16;
    private static final int NONCE_BYTES = 12;
    private static final int TAG_BITS = 128;
    private static final int ROUNDS = 600_000;
    private static final int KEY_BITS = 256;
    private static final int PASSPHRASE_MIN = 8;
    private static final long FILE_LIMIT_BYTES = 64L << 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private AuthorityBackup() {}

    static void write(Path authorityDirectory, Path file, char[] passphrase) throws IOException, SecurityFailure {
        if (passphrase.length < PASSPHRASE_MIN)
            throw new SecurityFailure("the passphrase has " + passphrase.length + " characters, at least "
                    + PASSPHRASE_MIN + " are needed: whoever opens the backup owns the cluster");
        if (!Files.exists(AuthorityStore.pem(authorityDirectory)))
            throw new SecurityFailure("this node does not hold the cluster's authority; run the command where it is");
        if (Files.exists(file)) throw new SecurityFailure(file + " exists already; name another file");
        byte[] content = JSON.writeValueAsBytes(JSON.createObjectNode()
                .put("authority.pem", Files.readString(AuthorityStore.pem(authorityDirectory)))
                .put("authority.json", Files.readString(AuthorityStore.bookFile(authorityDirectory))));
        byte[] head = new byte[MAGIC.length + SALT_BYTES + NONCE_BYTES];
        byte[] random = new byte[SALT_BYTES + NONCE_BYTES];
        new SecureRandom().nextBytes(random);
        ByteBuffer.wrap(head).put(MAGIC).put(random);
        byte[] sealed;
        try {
            sealed = cipher(Cipher.ENCRYPT_MODE, head, passphrase).doFinal(content);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AES-GCM and PBKDF2", e);
        }
        writeOwnOnly(
                file,
                ByteBuffer.allocate(head.length + sealed.length)
                        .put(head)
                        .put(sealed)
                        .array());
    }

    /// Puts the authority in place.
    ///
    /// @param expectedCluster the cluster this node is of, if it is one's
    /// @return the cluster's id
    static String restore(Path file, Path authorityDirectory, char[] passphrase, Optional<String> expectedCluster)
            throws IOException, SecurityFailure {
        Path pem = AuthorityStore.pem(authorityDirectory);
        if (Files.exists(pem))
            throw new SecurityFailure("there is an authority in " + authorityDirectory
                    + " already; remove that directory first if it is to be replaced");
        if (Files.size(file) > FILE_LIMIT_BYTES) throw new SecurityFailure(file + " is no backup of an authority");
        JsonNode content = JSON.readTree(open(file, passphrase));
        String pemText = content.path("authority.pem").asText();
        Authority authority = AuthorityStore.decode(pemText, file);
        if (expectedCluster.isPresent() && !expectedCluster.get().equals(authority.clusterId()))
            throw new SecurityFailure(file + " is of cluster " + authority.clusterId() + ", but this node is of "
                    + expectedCluster.get());
        AuthorityBook book;
        try {
            book = AuthorityBook.fromJson(content.path("authority.json").asText());
        } catch (IllegalArgumentException e) {
            throw new SecurityFailure(file + ": " + e.getMessage(), e);
        }
        IdentityFiles.replace(AuthorityStore.bookFile(authorityDirectory), book.toJson());
        IdentityFiles.replace(pem, pemText.getBytes(StandardCharsets.US_ASCII));
        return authority.clusterId();
    }

    private static byte[] open(Path file, char[] passphrase) throws IOException, SecurityFailure {
        byte[] all = Files.readAllBytes(file);
        int headLength = MAGIC.length + SALT_BYTES + NONCE_BYTES;
        if (all.length < headLength || !ByteBuffer.wrap(all, 0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC)))
            throw new SecurityFailure(file + " is no backup of an authority");
        byte[] head = java.util.Arrays.copyOf(all, headLength);
        try {
            return cipher(Cipher.DECRYPT_MODE, head, passphrase).doFinal(all, headLength, all.length - headLength);
        } catch (AEADBadTagException e) {
            throw new SecurityFailure("the passphrase is wrong, or " + file + " is damaged", e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has AES-GCM and PBKDF2", e);
        }
    }

    private static Cipher cipher(int mode, byte[] head, char[] passphrase) throws GeneralSecurityException {
        byte[] salt = java.util.Arrays.copyOfRange(head, MAGIC.length, MAGIC.length + SALT_BYTES);
        byte[] nonce = java.util.Arrays.copyOfRange(head, MAGIC.length + SALT_BYTES, head.length);
        var specification = new PBEKeySpec(passphrase, salt, ROUNDS, KEY_BITS);
        byte[] key = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                .generateSecret(specification)
                .getEncoded();
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, new SecretKeySpec(key, "AES"), new GCMParameterSpec(TAG_BITS, nonce));
        cipher.updateAAD(head);
        return cipher;
    }

    /// Does not touch the directory's mode, which is the user's.
    private static void writeOwnOnly(Path file, byte[] content) throws IOException {
        Files.createFile(
                file,
                java.nio.file.attribute.PosixFilePermissions.asFileAttribute(
                        java.nio.file.attribute.PosixFilePermissions.fromString("rw-------")));
        Files.write(file, content);
    }
}
