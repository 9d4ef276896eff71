package org.lowrank4j.tests.pages.site;

import java.util.ArrayList;
import java.util.List;
import org.commonmark.node.AbstractVisitor;
import org.commonmark.node.BulletList;
import org.commonmark.node.Heading;
import org.commonmark.node.Link;
import org.commonmark.node.ListItem;
import org.commonmark.node.Node;
import org.commonmark.node.Text;

/** The list under one heading of the README: a line for each group, the group's name and then its pages. */
final class Navigation {

    /** A page as the README calls it. */
    record Entry(String name, String destination) {}

    /** A line of the list. */
    record Group(String name, List<Entry> entries) {}

    private Navigation() {}

    static List<Group> under(String heading, Page page) {
        for (Node node = page.document().getFirstChild(); node != null; node = node.getNext()) {
            if (node instanceof Heading && text(node).equals(heading) && node.getNext() instanceof BulletList list) {
                return groups(list);
            }
        }
        throw new IllegalArgumentException(page.source() + " has no list right under '" + heading + "'");
    }

    private static List<Group> groups(BulletList list) {
        List<Group> groups = new ArrayList<>();
        for (Node item = list.getFirstChild(); item instanceof ListItem; item = item.getNext()) {
            String all = text(item);
            groups.add(new Group(all.substring(0, all.indexOf(':')), entries(item)));
        }
        return groups;
    }

    private static List<Entry> entries(Node item) {
        List<Entry> entries = new ArrayList<>();
        item.accept(new AbstractVisitor() {
            @Override
            public void visit(Link link) {
                entries.add(new Entry(text(link), link.getDestination()));
            }
        });
        return entries;
    }

    private static String text(Node node) {
        StringBuilder words = new StringBuilder();
        node.accept(new AbstractVisitor() {
            @Override
            public void visit(Text part) {
                words.append(part.getLiteral());
            }
        });
        return words.toString();
    }
}
