package drover.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Set;
import java.util.regex.Pattern;

/// What `module-info.java` cannot say.
final class Rules {
    /// Words that say nothing of what a thing does, and words we do not use for people or machines.
    private static final Pattern EMPTY_WORDS = Pattern.compile("(?i)manager|util|helper|master|slave");

    private static final Set<String> IMPURE_PACKAGES = Set.of(
            "java.io",
            "java.net",
            "java.nio.file",
            "java.nio.channels",
            "java.lang.foreign",
            "java.util.concurrent.locks");

    /// A java.time type is fine as a value; only reading the clock is not. So is a RandomGenerator that was
    /// handed in.
    private static final Set<String> IMPURE_TYPES = Set.of(
            "java.time.Clock",
            "java.util.Random",
            "java.util.SplittableRandom",
            "java.security.SecureRandom",
            "java.util.concurrent.ThreadLocalRandom",
            "java.util.concurrent.ExecutorService",
            "java.util.concurrent.Executor",
            "java.util.concurrent.Executors",
            "java.lang.Thread",
            "java.lang.Process",
            "java.lang.ProcessBuilder",
            "java.util.Timer",
            "org.slf4j.Logger");

    private static final Set<String> IMPURE_CALLS = Set.of(
            "java.lang.System.nanoTime",
            "java.lang.System.currentTimeMillis",
            "java.lang.System.getenv",
            "java.lang.System.getProperty",
            "java.lang.Math.random",
            "java.util.UUID.randomUUID",
            "java.util.random.RandomGenerator.getDefault",
            "java.util.random.RandomGenerator.of",
            "java.util.Collections.shuffle");

    private Rules() {}

    static ArchRule pure(String packages) {
        return noClasses()
                .that()
                .resideInAPackage(packages)
                .should()
                .dependOnClassesThat(impureType())
                .orShould()
                .callMethodWhere(target(impureCall()))
                .because("policy is a function of its arguments: the simulator runs the very same classes");
    }

    static ArchRule foreignFunctionsOnlyIn(String packages) {
        return noClasses()
                .that()
                .resideOutsideOfPackage(packages)
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.lang.foreign..")
                .because("native calls have one door, where errno is captured in the same call");
    }

    static ArchRule packagesWithoutCycles(String packages) {
        return slices().matching(packages).should().beFreeOfCycles();
    }

    static ArchRule onlyTheRootWires(String root) {
        return noClasses()
                .that()
                .resideInAPackage(root + ".(*)..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(root)
                .because("the steps of a job's journey know each other, if at all, but never who wires them");
    }

    static ArchRule namesThatSaySomething() {
        return noClasses()
                .should()
                .haveNameMatching(".*")
                .andShould(new EmptyWord(EMPTY_WORDS))
                .because("a name says what the thing does");
    }

    private static DescribedPredicate<JavaClass> impureType() {
        return describe(
                "read a clock, a random source, a file, the network or a thread",
                type -> IMPURE_TYPES.contains(type.getName())
                        || IMPURE_PACKAGES.stream()
                                .anyMatch(p -> type.getPackageName().equals(p)
                                        || type.getPackageName().startsWith(p + ".")));
    }

    private static DescribedPredicate<AccessTarget> impureCall() {
        return describe(
                "read a clock, a random source or the environment",
                target -> IMPURE_CALLS.contains(target.getOwner().getName() + "." + target.getName())
                        || (target.getOwner().getPackageName().equals("java.time")
                                && target.getName().equals("now")));
    }
}
