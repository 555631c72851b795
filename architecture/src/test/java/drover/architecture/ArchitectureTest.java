package drover.architecture;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ArchitectureTest {
    private static final JavaClasses DROVER = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("drover");

    /// Classes that break each rule: a rule that lets them pass tells nothing.
    private static final JavaClasses BREAKERS = new ClassFileImporter().importPackages("drover.architecture.impure");

    @Test
    void theRulesSeeEveryModule() {
        assertTrue(DROVER.size() > 50, "only " + DROVER.size() + " classes imported");
        for (String module :
                List.of("model", "policy", "protocol", "linux", "homefs", "daemon", "cli", "lab", "simulator"))
            assertTrue(
                    DROVER.stream().anyMatch(c -> c.getPackageName().startsWith("drover." + module)),
                    "no class of module " + module + " imported");
    }

    @Test
    void policyIsPure() {
        Rules.pure("drover.policy..").check(DROVER);
        Rules.pure("drover.model..").check(DROVER);
    }

    @Test
    void foreignFunctionsAreCalledOnlyInLinux() {
        Rules.foreignFunctionsOnlyIn("drover.linux..").check(DROVER);
    }

    @Test
    void noPackagesDependOnEachOtherInACircle() {
        Rules.packagesWithoutCycles("drover.(**)").check(DROVER);
    }

    @Test
    void onlyTheDaemonsRootWiresItsSteps() {
        Rules.onlyTheRootWires("drover.daemon").check(DROVER);
    }

    @Test
    void namesSayWhatAThingDoes() {
        Rules.namesThatSaySomething().check(DROVER);
    }

    @Test
    void everyRuleCanFail() {
        for (ArchRule rule : List.of(
                Rules.pure("drover.architecture.impure.clock"),
                Rules.pure("drover.architecture.impure.random"),
                Rules.pure("drover.architecture.impure.file"),
                Rules.foreignFunctionsOnlyIn("drover.linux.."),
                Rules.packagesWithoutCycles("drover.architecture.impure.(**)"),
                Rules.onlyTheRootWires("drover.architecture.impure"),
                Rules.namesThatSaySomething()))
            assertThrows(AssertionError.class, () -> rule.check(BREAKERS), rule.getDescription());
    }
}
