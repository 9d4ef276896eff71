package org.lowrank4j.command;

import java.util.Iterator;
import java.util.Map;

/**
 * Writes JSON (RFC 8259) of maps, iterables, numbers, booleans, null and texts. Numbers that JSON lacks become texts. Not by
 * ND4J's Jackson: that Deeplearning4j was not found is an answer, too.
 */
final class Json {

    private Json() {}

    static String text(Object value) {
        StringBuilder text = new StringBuilder();
        write(value, "", text);
        return text.toString();
    }

    private static void write(Object value, String indent, StringBuilder text) {
        if (value instanceof Map<?, ?> map) {
            writeAll(map.entrySet().iterator(), '{', '}', indent, text);
        } else if (value instanceof Map.Entry<?, ?> entry) {
            quote(String.valueOf(entry.getKey()), text);
            text.append(": ");
            write(entry.getValue(), indent, text);
        } else if (value instanceof Iterable<?> list) {
            writeAll(list.iterator(), '[', ']', indent, text);
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            quote(number.toString(), text);
        } else if (value == null || value instanceof Number || value instanceof Boolean) {
            text.append(value);
        } else {
            quote(value.toString(), text);
        }
    }

    private static void writeAll(Iterator<?> values, char open, char close, String indent, StringBuilder text) {
        text.append(open);
        String inner = indent + "  ";
        boolean empty = !values.hasNext();
        while (values.hasNext()) {
            text.append('\n').append(inner);
            write(values.next(), inner, text);
            text.append(values.hasNext() ? "," : "");
        }
        text.append(empty ? "" : "\n" + indent).append(close);
    }

    private static void quote(String value, StringBuilder text) {
        text.append('"');
        for (int i = 0; i < value.length(); i++) {
            char letter = value.charAt(i);
            if (letter == '"' || letter == '\\') {
                text.append('\\').append(letter);
            } else if (letter == '\n') {
                text.append("\\n");
            } else if (letter < ' ' || Character.isSurrogate(letter)) {
                // A lone surrogate has no UTF-8; a pair is valid in this form too.
                text.append(String.format("\\u%04x", (int) letter));
            } else {
                text.append(letter);
            }
        }
        text.append('"');
    }
}
