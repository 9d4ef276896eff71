package org.lowrank4j.tests.pages.starts;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.lowrank4j.initialisation.Kaiming;
import org.lowrank4j.method.Method;
import org.lowrank4j.registry.Methods;
import org.lowrank4j.update.Lora;

class ArmsTest {

    @Test
    void everyInitialisationHasARow() {
        Set<String> rows = new HashSet<>();
        for (Start arm : Arms.ALL) {
            arm.setting("init").or(() -> arm.setting("update")).ifPresent(rows::add);
        }
        // The tests have methods of their own, which are no rows.
        Set<String> registered = Methods.load().initialisations().stream()
                .filter(method -> method.getClass().getPackageName().equals("org.lowrank4j.initialisation"))
                .map(Method::name)
                .collect(Collectors.toSet());
        registered.removeAll(rows);
        // Goes on from a file; it has no start of its own to compare.
        registered.remove("adapter");
        // For tables of tokens; the networks of the page have none.
        registered.remove("embedding");
        assertEquals(Set.of(), registered, "initialisations without a row");
    }

    @Test
    void everyRowsMethodIsThere() {
        assertEquals(List.of(), Arms.missing(Arms.ALL, Methods.load()));
    }

    @Test
    void aMissingMethodIsNamedWithItsRow() {
        Methods few = new Methods(
                List.of(new Kaiming()), List.of(), List.of(new Lora()), List.of(), List.of(), List.of(), List.of());
        assertEquals(
                List.of("pissa-fast (init=pissa)", "lora-xs (update=lora-xs)"),
                Arms.missing(Arms.of("full,frozen,kaiming,pissa-fast,lora-xs"), few));
    }

    @Test
    void namesAreUniqueAndOnlyTheAgentHasRules() {
        Set<String> names = new HashSet<>();
        for (Start arm : Arms.ALL) {
            assertTrue(names.add(arm.name()), arm.name());
            assertEquals(arm.usesAgent(), !arm.rule().isEmpty(), arm.name());
        }
    }

    @Test
    void rowsAreChosenByNameInTheOrderOfTheTable() {
        assertEquals(
                List.of("full", "kaiming", "lora-ga"),
                Arms.of("lora-ga, full,kaiming").stream().map(Start::name).toList());
        assertEquals(Arms.ALL, Arms.of("all"));
        String message = assertThrows(IllegalArgumentException.class, () -> Arms.of("full,lora-gb"))
                .getMessage();
        assertTrue(message.startsWith("lora-gb is not one of full, frozen,"), message);
    }

    @Test
    void theRuleNamesTheOriginalModel() {
        Start eora = Arms.of("eora").get(0);
        assertEquals("init=eora,eora.original=/m/base.zip,alpha=8,rank=8", eora.agentArguments("/m/base.zip"));
        assertEquals("eora", eora.setting("init").orElseThrow());
        assertTrue(eora.setting("update").isEmpty());
    }

    @Test
    void everyClaimIsAboutRowsOfTheTable() {
        Set<String> names = Arms.ALL.stream().map(Start::name).collect(Collectors.toSet());
        for (Claims.Expected claim : Claims.all(0.3)) {
            assertTrue(names.contains(claim.arm()), claim.arm());
            for (Claims.Check check : claim.checks()) {
                assertTrue(names.contains(check.than()), check.than());
            }
        }
    }
}
