package drover.daemon.security;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Where the identity, the authority and the configuration are.
public record SecurityPlaces(Path config, Path state) {
    public static SecurityPlaces fromEnvironment(Map<String, String> environment) {
        return new SecurityPlaces(
                Path.of(environment.getOrDefault("DROVER_CONFIG", "/etc/drover/drover.properties")),
                Path.of(environment.getOrDefault("DROVER_STATE_DIR", "/var/lib/drover")));
    }

    Path identity() {
        return state.resolve("identity");
    }

    /// Where certificates are renewed: one `host:port` a line.
    Path enrolment() {
        return identity().resolve("enrolment");
    }

    Path revocations() {
        return identity().resolve("revocations.crl");
    }

    Path authority() {
        return state.resolve("ca");
    }

    Path peers() {
        return state.resolve("peers");
    }

    boolean hasAuthority() {
        return Files.exists(AuthorityStore.pem(authority()));
    }
}
