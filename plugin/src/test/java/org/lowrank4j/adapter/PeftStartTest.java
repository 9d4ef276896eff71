package org.lowrank4j.adapter;

import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lowrank4j.LowRankException;

/** Which starts of PEFT leave the base as it was: factors of the others belong to a base that nobody has. */
class PeftStartTest {

    private static PeftConfig read(String start) {
        return PeftConfig.read("{\"peft_type\":\"LORA\",\"init_lora_weights\":" + start + "}", "the file");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "pissa",
                "pissa_niter_4",
                "PiSSA",
                "olora",
                "OLoRA",
                "corda",
                "corda_kpm",
                "CorDA",
                "lora_ga",
                "LoRA_GA",
                "loftq",
                "LoftQ"
            })
    void startsThatMoveTheBaseAreRefused(String start) {
        LowRankException refused = assertThrows(LowRankException.class, () -> read("\"" + start + "\""));
        assertTrue(refused.getMessage().contains("\"" + start + "\""), refused.getMessage());
        assertTrue(refused.getMessage().contains("belong to a base that PEFT changed"), refused.getMessage());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"true", "false", "null", "\"gaussian\"", "\"Gaussian\"", "\"eva\"", "\"orthogonal\"", "\"mica\""
            })
    void startsThatKeepTheBaseAreRead(String start) {
        assertNotNull(read(start));
    }

    @ParameterizedTest
    @ValueSource(strings = {"\"next_years\"", "\"\"", "1", "[]", "{}"})
    void startsThatNobodyKnowsAreRefused(String start) {
        LowRankException refused = assertThrows(LowRankException.class, () -> read(start));
        assertTrue(refused.getMessage().contains("is not known; known are true, false, eva"), refused.getMessage());
    }
}
