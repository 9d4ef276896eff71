package org.lowrank4j.tests.pages;

import java.util.Arrays;
import org.lowrank4j.tests.pages.merging.Merging;
import org.lowrank4j.tests.pages.published.FromScratch;
import org.lowrank4j.tests.pages.published.Gradients;
import org.lowrank4j.tests.pages.published.IntrinsicDimension;
import org.lowrank4j.tests.pages.published.Shrinking;
import org.lowrank4j.tests.pages.site.Site;
import org.lowrank4j.tests.pages.starts.Starts;
import org.lowrank4j.tests.pages.tables.Tables;

/** Writes the page that the first argument names, with the options that follow. */
public final class Pages {

    private Pages() {}

    public static void main(String[] args) throws Exception {
        String[] options = Arrays.copyOfRange(args, 1, args.length);
        switch (args[0]) {
            case "starts" -> Starts.main(options);
            case "merging" -> Merging.main(options);
            case "from-scratch" -> FromScratch.main(options);
            case "shrinking" -> Shrinking.main(options);
            case "gradients" -> Gradients.main(options);
            case "intrinsic-dimension" -> IntrinsicDimension.main(options);
            case "tables" -> Tables.main(options);
            case "site" -> Site.main(options);
            default -> throw new IllegalArgumentException("There is no page \"" + args[0] + "\".");
        }
    }
}
