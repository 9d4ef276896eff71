package org.lowrank4j.tests.pages.tables;

import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the build writes into pages that are otherwise written by hand: between two comments that name it. */
final class Blocks {

    private static final Pattern BLOCK = Pattern.compile(
            "(?<begin><!-- begin (?<name>\\S+)[^>]* -->\n).*?(?<end><!-- end \\k<name> -->)", Pattern.DOTALL);

    private final Map<String, Supplier<String>> contents;
    private final Set<String> used = new HashSet<>();

    Blocks(Map<String, Supplier<String>> contents) {
        this.contents = Map.copyOf(contents);
    }

    /**
     * The page with its blocks as they are to be.
     *
     * @throws IllegalArgumentException if it has a block of a name that nobody writes
     */
    String fill(String page) {
        Matcher blocks = BLOCK.matcher(page);
        return blocks.replaceAll(block -> Matcher.quoteReplacement(written(blocks, block)));
    }

    private String written(Matcher blocks, MatchResult block) {
        String name = blocks.group("name");
        Supplier<String> content = contents.get(name);
        if (content == null) {
            throw new IllegalArgumentException("Nothing writes the block '" + name + "'.");
        }
        used.add(name);
        return blocks.group("begin") + "\n" + content.get() + "\n" + blocks.group("end");
    }

    /** The blocks that no page has had so far. */
    Set<String> unused() {
        Set<String> left = new HashSet<>(contents.keySet());
        left.removeAll(used);
        return left;
    }
}
