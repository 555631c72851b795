package drover.daemon.security.command;

import drover.daemon.security.Enrolment;
import drover.daemon.security.SecurityPlaces;
import java.time.InstantSource;

/// The files and the clock of the machine a command runs on.
final class Surroundings {
    private Surroundings() {}

    static SecurityPlaces places() {
        return SecurityPlaces.fromEnvironment(System.getenv());
    }

    static Enrolment enrolment() {
        return new Enrolment(places(), InstantSource.system());
    }
}
