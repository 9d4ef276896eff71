package org.lowrank4j.tests.pages.tables;

import com.sun.source.doctree.DocCommentTree;
import com.sun.source.doctree.DocTree;
import com.sun.source.tree.ClassTree;
import com.sun.source.tree.CompilationUnitTree;
import com.sun.source.tree.MethodTree;
import com.sun.source.util.DocTrees;
import com.sun.source.util.JavacTask;
import com.sun.source.util.TreePathScanner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.jspecify.annotations.Nullable;

/** The comments of one source file as Markdown on one line, read by the compiler that is part of every JDK. */
final class Javadoc {

    /** What a method was published with, in sentences of their own. */
    private static final Pattern PUBLISHED = Pattern.compile("(?<=^|[.] )Published\\b.*?[.](?= |$)");

    private final DocTrees trees;
    private final Path source;
    private final UnaryOperator<String> names;
    private final Map<String, DocCommentTree> comments = new LinkedHashMap<>();
    private final Set<String> types = new HashSet<>();

    /**
     * @param source a file of Java
     * @param names how a page calls a class that a comment links to, from its simple name
     */
    Javadoc(Path source, UnaryOperator<String> names) {
        this.source = source;
        this.names = names;
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
            JavacTask task =
                    (JavacTask) compiler.getTask(null, files, null, null, null, files.getJavaFileObjects(source));
            trees = DocTrees.instance(task);
            for (CompilationUnitTree unit : task.parse()) {
                new Comments().scan(unit, "");
            }
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** What a class is: the first sentence, and those about what it was published with. */
    String summary(String type) {
        DocCommentTree comment = comment(type);
        String body = paragraphs(comment.getBody());
        String published = PUBLISHED
                .matcher(body)
                .results()
                .map(found -> " " + found.group())
                .collect(Collectors.joining());
        return sentence(paragraphs(comment.getFirstSentence())) + published;
    }

    /**
     * All that is said of a member, without block tags.
     *
     * @param member as in {@code LowRank.Layer.rank}
     */
    String whole(String member) {
        return paragraphs(comment(member).getFullBody());
    }

    /** The documented methods of a type in the order of the source, by their names alone. */
    List<String> members(String type) {
        return comments.keySet().stream()
                .filter(element -> element.startsWith(type + ".") && !types.contains(element))
                .map(element -> element.substring(type.length() + 1))
                .filter(name -> !name.contains("."))
                .toList();
    }

    private DocCommentTree comment(String element) {
        DocCommentTree comment = comments.get(element);
        if (comment == null) {
            throw new IllegalArgumentException(element + " has no Javadoc in " + source);
        }
        return comment;
    }

    private String paragraphs(List<? extends DocTree> comment) {
        return new MarkdownText(trees, names).of(comment);
    }

    /** A first sentence may lead to a formula, which is left out. */
    private static String sentence(String text) {
        return text.endsWith(".") ? text : text.replaceFirst("[:,;]$", "") + ".";
    }

    /** Keeps the comments of classes and methods; the parameter is what surrounds an element. */
    private final class Comments extends TreePathScanner<Void, String> {

        @Override
        public @Nullable Void visitClass(ClassTree type, String around) {
            String name = around + type.getSimpleName();
            types.add(name);
            keep(name);
            return super.visitClass(type, name + ".");
        }

        @Override
        public @Nullable Void visitMethod(MethodTree method, String around) {
            keep(around + method.getName());
            return null;
        }

        private void keep(String name) {
            DocCommentTree comment = trees.getDocCommentTree(getCurrentPath());
            if (comment != null) {
                comments.put(name, comment);
            }
        }
    }
}
