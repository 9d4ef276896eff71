package org.lowrank4j.tests.pages.site;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The README and whatever it leads to, as HTML: {@code -Ppages -Dpage=site}. Pages and files lie to each other as they do in
 * the repository, but for those of {@code src/site}, which are at the top.
 */
public final class Site {

    private static final String SHELL = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>%s</title>
            <link rel="stylesheet" href="%s">
            </head>
            <body>
            <nav>
            %s</nav>
            <main>
            %s</main>
            </body>
            </html>
            """;

    private final Path project;
    private final Path home;
    private final Map<Path, Page> pages = new LinkedHashMap<>();
    private final Set<Path> files = new TreeSet<>();
    private final List<String> broken = new ArrayList<>();

    /** Reads everything that the README leads to, directly or through other pages. */
    Site(Path project) {
        this.project = project.toAbsolutePath().normalize();
        home = this.project.resolve("README.md");
        files.add(this.project.resolve("src/site/resources/site.css"));
        Deque<Path> left = new ArrayDeque<>(List.of(home));
        while (!left.isEmpty()) {
            Path next = left.pop();
            if (!pages.containsKey(next)) {
                pages.put(next, new Page(next));
                left.addAll(follow(pages.get(next)));
            }
        }
        pages.values().forEach(this::checkAnchors);
    }

    public static void main(String[] args) throws IOException {
        Site site = new Site(Path.of(System.getProperty("pages.site")).resolve("../.."));
        site.broken.forEach(System.err::println);
        Path out = Path.of(System.getProperty("pages.out")).resolveSibling("site");
        site.write(out);
        System.out.println("Written: " + out.resolve("index.html"));
    }

    /** The pages in Markdown. */
    Set<Path> sources() {
        return pages.keySet();
    }

    /** Links that lead nowhere, each with its page. */
    List<String> broken() {
        return broken;
    }

    /** Renders the pages, and copies the stylesheet, pictures and other files that pages link to. */
    void write(Path out) throws IOException {
        for (Page page : pages.values()) {
            Path file = out.resolve(place(page.source()));
            Files.createDirectories(file.getParent());
            Files.writeString(file, html(page));
        }
        for (Path file : files) {
            Path copy = out.resolve(place(file));
            Files.createDirectories(copy.getParent());
            Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private String html(Page page) {
        StringBuilder navigation =
                new StringBuilder("<p><a href=\"%s\">lowrank4j</a></p>\n".formatted(link(page, home)));
        for (Navigation.Group group : Navigation.under("Where to go", pages.get(home))) {
            navigation.append("<h2>%s</h2>\n<ul>\n".formatted(group.name()));
            for (Navigation.Entry entry : group.entries()) {
                Path target = home.resolveSibling(entry.destination());
                boolean here = target.equals(page.source());
                navigation
                        .append("<li><a href=\"%s\"%s>"
                                .formatted(link(page, target), here ? " aria-current=\"page\"" : ""))
                        .append(entry.name())
                        .append("</a>")
                        .append(here ? page.contents() : "")
                        .append("</li>\n");
            }
            navigation.append("</ul>\n");
        }
        String style = link(page, project.resolve("src/site/resources/site.css"));
        String content =
                page.html(destination -> Target.isOutside(destination) ? destination : rendered(page, destination));
        return SHELL.formatted(page.title(), style, navigation, content);
    }

    private String rendered(Page page, String destination) {
        Target target = Target.of(page, destination);
        return target.file().equals(page.source()) ? target.fragment() : link(page, target.file()) + target.fragment();
    }

    /** From one page's place to another's or a file's. */
    private String link(Page from, Path to) {
        Path folder = place(from.source()).getParent();
        Path relative = folder == null ? place(to) : folder.relativize(place(to));
        return relative.toString().replace('\\', '/');
    }

    /** Where a file goes, relative to the site. */
    private Path place(Path source) {
        String path = project.relativize(source).toString().replace('\\', '/');
        path = path.equals("README.md") ? "index.md" : path.replaceFirst("^src/site/(markdown|resources)/", "");
        return Path.of(path.replaceFirst("\\.md$", ".html"));
    }

    /** The pages that a page links to; files are noted. */
    private List<Path> follow(Page page) {
        List<Path> found = new ArrayList<>();
        for (Target target : Target.all(page)) {
            if (!Files.isRegularFile(target.file()) || !target.file().startsWith(project)) {
                broken.add(page.source() + ": " + target.file() + " is no file of the project");
            } else if (target.file().toString().endsWith(".md")) {
                found.add(target.file());
            } else {
                files.add(target.file());
            }
        }
        return found;
    }

    private void checkAnchors(Page page) {
        for (Target target : Target.all(page)) {
            Page other = pages.get(target.file());
            if (other != null
                    && !target.fragment().isEmpty()
                    && !other.anchors().contains(target.fragment().substring(1))) {
                broken.add(page.source() + ": " + target.file() + " has no heading " + target.fragment());
            }
        }
    }

    /**
     * What a link of a page leads to.
     *
     * @param fragment empty, or from the hash sign on
     */
    private record Target(Path file, String fragment) {

        static boolean isOutside(String destination) {
            return destination.matches("[a-z]+:.*");
        }

        static Target of(Page page, String destination) {
            int hash = destination.indexOf('#');
            String path = hash < 0 ? destination : destination.substring(0, hash);
            Path file = path.isEmpty()
                    ? page.source()
                    : page.source().resolveSibling(path).normalize();
            return new Target(file, hash < 0 ? "" : destination.substring(hash));
        }

        static List<Target> all(Page page) {
            List<Target> targets = new ArrayList<>();
            page.html(destination -> {
                if (!isOutside(destination)) {
                    targets.add(of(page, destination));
                }
                return destination;
            });
            return targets;
        }
    }
}
