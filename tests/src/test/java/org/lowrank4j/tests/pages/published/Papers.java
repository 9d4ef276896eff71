package org.lowrank4j.tests.pages.published;

import java.util.List;
import org.lowrank4j.tests.pages.Arm;
import org.lowrank4j.tests.pages.Claim;
import org.lowrank4j.tests.pages.Page;

/** What pages about papers end with. */
final class Papers {

    private Papers() {}

    /** What was expected and what was seen. */
    static void claims(Page page, List<Claim> claims) {
        page.section("What the papers claim");
        page.paragraph(
                "Each is about the models and data of its paper; the question here is what of it shows on this small network."
                        + " Differences are taken seed by seed; one that is not larger than its standard deviation leaves the question"
                        + " open.");
        page.claims(claims);
    }

    /** What the agent was given for each arm. */
    static void rules(Page page, List<Arm> arms) {
        page.section("The rules");
        page.header("arm", "updater", "agent's arguments", "what it is");
        for (Arm arm : arms) {
            page.row(List.of(
                    arm.name(),
                    arm.optimiser().toString(),
                    arm.usesAgent() ? "`" + arm.rule() + "`" : "without the agent",
                    arm.note()));
        }
    }
}
