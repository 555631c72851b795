package drover.lab.experiments;

import drover.lab.namespaces.Programs;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// RSA keys made by openssl, several in a sub-job. All must be valid and different.
///
/// A key's cost is random: many small keys say more than few large ones.
public final class RsaKeys implements Workload {
    private static final int FULL_KEYS = 4000;
    private static final int KEYS_PER_JOB = 16;

    /// Certainty of the primality test: an error in 2^40 is below that of the memory the key lies in.
    private static final int CERTAINTY_BITS = 40;

    /// How many of a run's keys openssl itself checks again; the arithmetic of all of them is checked here.
    private static final int CHECKED_BY_OPENSSL = 32;

    private static final Pattern KEY =
            Pattern.compile("-----BEGIN PRIVATE KEY-----(.*?)-----END PRIVATE KEY-----", Pattern.DOTALL);

    private final int keyBits;
    private final int keys;

    public RsaKeys(double scale, int keyBits) {
        if (keyBits < 512 || keyBits > 16384)
            throw new IllegalArgumentException("an RSA key has 512 to 16384 bits, got " + keyBits);
        this.keyBits = keyBits;
        this.keys = Math.max(KEYS_PER_JOB, (int) Math.round(FULL_KEYS * scale / KEYS_PER_JOB) * KEYS_PER_JOB);
    }

    @Override
    public String name() {
        return "rsa";
    }

    @Override
    public String settings() {
        return keys + " keys of " + keyBits + " bits, " + KEYS_PER_JOB + " a sub-job";
    }

    @Override
    public List<Requirement> requirements() {
        return List.of(new Requirement(Path.of("/usr/bin/openssl"), "openssl"));
    }

    @Override
    public List<SubJob> subJobs() {
        List<SubJob> jobs = new ArrayList<>();
        String loop = "i=0; while [ $i -lt " + KEYS_PER_JOB + " ]; do openssl genrsa " + keyBits
                + " 2>/dev/null || exit 1; i=$((i+1)); done";
        for (int number = 0; number < keys / KEYS_PER_JOB; number++) {
            String name = "keys-%04d".formatted(number);
            jobs.add(new SubJob(
                    name,
                    name + ".pem",
                    List.of("sh", "-c", "{ " + loop + "; } >" + name + ".pem"),
                    List.of("sh", "-c", loop)));
        }
        return jobs;
    }

    @Override
    public Optional<SubJob> whole() {
        return Optional.empty();
    }

    @Override
    public Verdict verify(Path results, Path keep) throws IOException {
        Set<BigInteger> moduli = new HashSet<>();
        List<String> problems = new ArrayList<>();
        int lost = 0;
        int seen = 0;
        for (SubJob job : subJobs()) {
            Path file = results.resolve(job.result());
            int good = 0;
            Matcher matcher = KEY.matcher(Files.exists(file) ? Files.readString(file) : "");
            while (matcher.find()) {
                String flaw = flawOf(matcher.group(1), moduli);
                if (flaw.isEmpty() && seen++ % Math.max(1, keys / CHECKED_BY_OPENSSL) == 0)
                    flaw = opensslSays(matcher.group());
                if (flaw.isEmpty()) good++;
                else problems.add(job.name() + ": " + flaw);
            }
            if (good != KEYS_PER_JOB) {
                lost++;
                problems.add(job.name() + ": " + good + " good keys of " + KEYS_PER_JOB);
            }
        }
        return new Verdict(lost, problems);
    }

    /// Empty for a valid key that was not seen before.
    private String flawOf(String base64, Set<BigInteger> moduli) {
        try {
            byte[] der = Base64.getMimeDecoder().decode(base64);
            var key = (RSAPrivateCrtKey) KeyFactory.getInstance("RSA").generatePrivate(new PKCS8EncodedKeySpec(der));
            BigInteger p = key.getPrimeP();
            BigInteger q = key.getPrimeQ();
            BigInteger one = BigInteger.ONE;
            if (key.getModulus().bitLength() != keyBits)
                return "a key has " + key.getModulus().bitLength() + " bits";
            if (!p.multiply(q).equals(key.getModulus())) return "a modulus is not the product of its primes";
            if (!p.isProbablePrime(CERTAINTY_BITS) || !q.isProbablePrime(CERTAINTY_BITS))
                return "a factor is not prime";
            BigInteger product = key.getPublicExponent().multiply(key.getPrivateExponent());
            if (!product.mod(p.subtract(one)).equals(one)
                    || !product.mod(q.subtract(one)).equals(one))
                return "a private exponent does not undo the public one";
            return moduli.add(key.getModulus()) ? "" : "a modulus appears twice";
        } catch (GeneralSecurityException | IllegalArgumentException e) {
            return "a key cannot be read: " + e.getMessage();
        }
    }

    private static String opensslSays(String pem) {
        Programs.Outcome outcome =
                Programs.attempt(List.of("openssl", "rsa", "-check", "-noout"), pem + "\n", Programs.USUAL_LIMIT);
        return outcome.succeeded() && outcome.output().contains("RSA key ok")
                ? ""
                : "openssl rsa -check: " + outcome.output().strip()
                        + outcome.errors().strip();
    }
}
