package org.lowrank4j.tests.pages.site;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.commonmark.Extension;
import org.commonmark.ext.gfm.tables.TablesExtension;
import org.commonmark.ext.heading.anchor.HeadingAnchorExtension;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.Heading;
import org.commonmark.node.Image;
import org.commonmark.node.Link;
import org.commonmark.node.Node;
import org.commonmark.parser.Parser;
import org.commonmark.renderer.html.HtmlRenderer;
import org.commonmark.renderer.text.TextContentRenderer;

/** A page in Markdown. Headings have the anchors that they have where the repository is browsed. */
final class Page {

    private static final List<Extension> EXTENSIONS =
            List.of(TablesExtension.create(), HeadingAnchorExtension.create());
    private static final Parser PARSER = Parser.builder().extensions(EXTENSIONS).build();
    private static final HtmlRenderer HTML =
            HtmlRenderer.builder().extensions(EXTENSIONS).build();
    private static final TextContentRenderer TEXT =
            TextContentRenderer.builder().build();
    private static final Pattern SECTION = Pattern.compile("<h2 id=\"([^\"]+)\">(.*)</h2>");
    private static final Pattern ANCHOR = Pattern.compile(" id=\"([^\"]+)\"");

    private final Path source;
    private final String text;

    Page(Path source) {
        this.source = source;
        try {
            this.text = Files.readString(source);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    Path source() {
        return source;
    }

    Node document() {
        return PARSER.parse(text);
    }

    String title() {
        for (Node node = document().getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading heading) {
                return TEXT.render(heading).strip();
            }
        }
        throw new IllegalArgumentException(source + " has no heading");
    }

    /** A list of links to the sections, in HTML. */
    String contents() {
        return SECTION.matcher(HTML.render(document()))
                .results()
                .map(found -> "<li><a href=\"#%s\">%s</a></li>\n".formatted(found.group(1), found.group(2)))
                .collect(Collectors.joining("", "\n<ul>\n", "</ul>\n"));
    }

    Set<String> anchors() {
        return ANCHOR.matcher(HTML.render(document()))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toSet());
    }

    /** The page's content, with each destination of a link or picture as the function says. */
    String html(UnaryOperator<String> destinations) {
        Node document = document();
        document.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                link.setDestination(destinations.apply(link.getDestination()));
                visitChildren(link);
            }

            @Override
            public void visit(Image image) {
                image.setDestination(destinations.apply(image.getDestination()));
            }
        });
        return HTML.render(document);
    }
}
