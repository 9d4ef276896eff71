package org.lowrank4j.tests.pages.tables;

import com.sun.source.doctree.DocTree;
import com.sun.source.doctree.EndElementTree;
import com.sun.source.doctree.EntityTree;
import com.sun.source.doctree.LinkTree;
import com.sun.source.doctree.LiteralTree;
import com.sun.source.doctree.StartElementTree;
import com.sun.source.doctree.TextTree;
import com.sun.source.util.DocTreeScanner;
import com.sun.source.util.DocTrees;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Javadoc as one line of Markdown for a cell of a table. Formulas ({@code <pre>}) are left out. */
final class MarkdownText extends DocTreeScanner<Void, Void> {

    private final DocTrees trees;
    private final UnaryOperator<String> names;
    private final StringBuilder text = new StringBuilder();
    private boolean inFormula;

    MarkdownText(DocTrees trees, UnaryOperator<String> names) {
        this.trees = trees;
        this.names = names;
    }

    String of(List<? extends DocTree> comment) {
        scan(comment, null);
        return text.toString().strip().replaceAll("\\s+", " ");
    }

    @Override
    public @Nullable Void visitText(TextTree words, @Nullable Void none) {
        append(escaped(words.getBody()));
        return null;
    }

    @Override
    public @Nullable Void visitLiteral(LiteralTree literal, @Nullable Void none) {
        String words = literal.getBody().getBody();
        append(literal.getKind() == DocTree.Kind.CODE ? code(words) : escaped(words));
        return null;
    }

    @Override
    public @Nullable Void visitLink(LinkTree link, @Nullable Void none) {
        if (link.getLabel().isEmpty()) {
            String signature = link.getReference().getSignature().replaceAll("\\(.*", "");
            append(code(names.apply(signature.substring(signature.lastIndexOf('.') + 1))
                    .replaceAll("^.*#", "")));
            return null;
        }
        return scan(link.getLabel(), none);
    }

    @Override
    public @Nullable Void visitEntity(EntityTree entity, @Nullable Void none) {
        append(escaped(trees.getCharacters(entity)));
        return null;
    }

    @Override
    public @Nullable Void visitStartElement(StartElementTree element, @Nullable Void none) {
        inFormula |= element.getName().contentEquals("pre");
        append(element.getName().contentEquals("em") ? "*" : " ");
        return null;
    }

    @Override
    public @Nullable Void visitEndElement(EndElementTree element, @Nullable Void none) {
        inFormula &= !element.getName().contentEquals("pre");
        append(element.getName().contentEquals("em") ? "*" : " ");
        return null;
    }

    private void append(String words) {
        if (!inFormula) {
            text.append(words);
        }
    }

    /** Quotation marks of a string are none of a user's business. */
    static String code(String words) {
        return "`" + words.strip().replaceAll("^\"(.*)\"$", "$1").replace("|", "\\|") + "`";
    }

    static String escaped(String words) {
        return words.replaceAll("[\\\\*_<|`]", "\\\\$0");
    }
}
