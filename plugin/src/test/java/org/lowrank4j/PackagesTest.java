package org.lowrank4j;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Packages are floors: each stands on those below it, and none on one above. */
class PackagesTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.lowrank4j");

    @Test
    void noPackageLeadsBackToItself() {
        assertTrue(CLASSES.size() > 300, () -> CLASSES.size() + " classes");
        slices().matching("org.lowrank4j.(**)").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void onlyAKindKnowsTheClassesOfDenseAndOutputLayers() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.lowrank4j.kind")
                .should()
                .dependOnClassesThat()
                .haveNameMatching("org\\.deeplearning4j\\..*(DenseLayer|OutputLayer)")
                .check(CLASSES);
    }
}
