package org.lowrank4j.rule;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.lowrank4j.LowRankException;
import org.lowrank4j.method.Excerpt;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.AliasEvent;
import org.snakeyaml.engine.v2.events.CollectionStartEvent;
import org.snakeyaml.engine.v2.events.Event;
import org.snakeyaml.engine.v2.events.NodeEvent;
import org.snakeyaml.engine.v2.events.ScalarEvent;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads YAML as plain data. It works on the parser's events and builds lists, mappings and text only, so nothing in a
 * file can name a class, and a file cannot grow in memory: it is at most {@value #MAX_BYTES} bytes long and
 * {@value #MAX_DEPTH} levels deep, its texts have at most {@value #MAX_TEXT} characters, and there are no aliases,
 * anchors, tags or a second document.
 */
final class YamlReader {

    static final int MAX_BYTES = 1 << 20;
    static final int MAX_DEPTH = 16;
    static final int MAX_TEXT = 10_000;

    private final String file;
    private final Iterator<Event> events;

    private YamlReader(String file, Iterator<Event> events) {
        this.file = file;
        this.events = events;
    }

    /**
     * Reads a file.
     *
     * @param file its path as the user wrote it
     * @param source where the path was written, for messages
     * @return empty if the file holds nothing but comments
     * @throws LowRankException if it cannot be read, with its name, line and reason
     */
    static Optional<YamlNode> readFile(String file, String source) {
        if (file.isEmpty()) {
            throw new LowRankException("the path of the rule file (" + source + ") is empty. Name a YAML file.");
        }
        byte[] bytes;
        try {
            Path path = Path.of(file);
            try (InputStream in = Files.newInputStream(path)) {
                bytes = in.readNBytes(MAX_BYTES + 1);
            }
        } catch (NoSuchFileException | InvalidPathException absent) {
            throw new LowRankException(
                    "rule file '" + file + "' (" + source + ") does not exist."
                            + (file.startsWith("/")
                                    ? ""
                                    : " The path is taken from the working directory "
                                            + Path.of("").toAbsolutePath() + "."),
                    absent);
        } catch (IOException unreadable) {
            throw new LowRankException(
                    "rule file '" + file + "' (" + source + ") cannot be read: " + unreadable + ".", unreadable);
        }
        if (bytes.length > MAX_BYTES) {
            throw new LowRankException(
                    "rule file '" + file + "' (" + source + ") is larger than " + MAX_BYTES + " bytes. Is it YAML?");
        }
        try {
            return readText(
                    file,
                    StandardCharsets.UTF_8
                            .newDecoder()
                            .decode(ByteBuffer.wrap(bytes))
                            .toString());
        } catch (CharacterCodingException notText) {
            throw new LowRankException("rule file '" + file + "' (" + source + ") is not UTF-8 text.", notText);
        }
    }

    static Optional<YamlNode> readText(String file, String text) {
        LoadSettings settings = LoadSettings.builder()
                .setLabel(file)
                .setUseMarks(true)
                .setCodePointLimit(MAX_BYTES)
                .setMaxAliasesForCollections(0)
                .build();
        try {
            return new YamlReader(file, new Parse(settings).parseString(text).iterator()).document();
        } catch (MarkedYamlEngineException invalid) {
            throw new LowRankException(
                    file
                            + invalid.getProblemMark()
                                    .map(mark -> " line " + (mark.getLine() + 1))
                                    .orElse("") + ": this is not valid YAML: " + Excerpt.of(invalid.getProblem()) + ".",
                    invalid);
        } catch (YamlEngineException | NoSuchElementException invalid) {
            throw new LowRankException(
                    file + ": this is not valid YAML: " + Excerpt.of(invalid.getMessage()) + ".", invalid);
        }
    }

    private Optional<YamlNode> document() {
        events.next();
        Event start = events.next();
        if (start.getEventId() == Event.ID.StreamEnd) {
            return Optional.empty();
        }
        YamlNode root = node(events.next(), 0);
        events.next();
        Event next = events.next();
        if (next.getEventId() != Event.ID.StreamEnd) {
            throw refused(line(next), "a rule file holds one YAML document; remove the second ('---')");
        }
        boolean nothing =
                root instanceof YamlNode.Scalar scalar && scalar.text().isBlank();
        return nothing ? Optional.empty() : Optional.of(root);
    }

    private YamlNode node(Event event, int depth) {
        refuseReferencesAndTags(event);
        if (depth > MAX_DEPTH) {
            throw refused(line(event), "it is nested more than " + MAX_DEPTH + " levels deep");
        }
        return switch (event.getEventId()) {
            case Scalar -> scalar(((ScalarEvent) event).getValue(), line(event));
            case SequenceStart -> items(event, depth);
            case MappingStart -> entries(event, depth);
            default -> throw refused(line(event), "a value was expected");
        };
    }

    private YamlNode scalar(String text, int line) {
        if (text.length() > MAX_TEXT) {
            throw refused(line, "a text of " + text.length() + " characters is longer than " + MAX_TEXT);
        }
        return new YamlNode.Scalar(text, line);
    }

    private YamlNode items(Event start, int depth) {
        List<YamlNode> items = new ArrayList<>();
        for (Event event = events.next(); event.getEventId() != Event.ID.SequenceEnd; event = events.next()) {
            items.add(node(event, depth + 1));
        }
        return new YamlNode.Items(items, line(start));
    }

    private YamlNode entries(Event start, int depth) {
        List<YamlNode.Entry> entries = new ArrayList<>();
        Map<String, Integer> lines = new HashMap<>();
        for (Event event = events.next(); event.getEventId() != Event.ID.MappingEnd; event = events.next()) {
            if (!(node(event, depth + 1) instanceof YamlNode.Scalar key)) {
                throw refused(line(event), "a key must be plain text");
            }
            Integer earlier = lines.putIfAbsent(key.text(), key.line());
            if (earlier != null) {
                throw refused(key.line(), "key '" + Excerpt.of(key.text()) + "' is already set on line " + earlier);
            }
            entries.add(new YamlNode.Entry(key.text(), node(events.next(), depth + 1), key.line()));
        }
        return new YamlNode.Entries(entries, line(start));
    }

    private void refuseReferencesAndTags(Event event) {
        if (event instanceof AliasEvent
                || (event instanceof NodeEvent node && node.getAnchor().isPresent())) {
            throw refused(line(event), "aliases and anchors (*name, &name) are not accepted; write the value out");
        }
        Optional<String> tag = Optional.empty();
        if (event instanceof ScalarEvent scalar) {
            tag = scalar.getTag();
        } else if (event instanceof CollectionStartEvent collection) {
            tag = collection.getTag();
        }
        if (tag.isPresent()) {
            throw refused(
                    line(event), "tags (" + Excerpt.of(tag.get()) + ") are not accepted; a rule file is plain data");
        }
    }

    private LowRankException refused(int line, String why) {
        return new LowRankException(file + " line " + line + ": " + why + ".");
    }

    private static int line(Event event) {
        return event.getStartMark().map(Mark::getLine).orElse(0) + 1;
    }
}
