package org.lowrank4j.examples.digits;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes maps, lists, strings, numbers and booleans as JSON. */
final class Json {

    private Json() {}

    /** The value as JSON, indented by two spaces; lists of numbers stay on one line. */
    static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, "\n", out);
        return out.append('\n').toString();
    }

    private static void write(Object value, String newLine, StringBuilder out) {
        if (value instanceof Map<?, ?> map) {
            out.append('{');
            for (Iterator<? extends Map.Entry<?, ?>> i = map.entrySet().iterator(); i.hasNext(); ) {
                Map.Entry<?, ?> entry = i.next();
                out.append(newLine).append("  ");
                quote(entry.getKey().toString(), out);
                out.append(": ");
                write(entry.getValue(), newLine + "  ", out);
                out.append(i.hasNext() ? "," : newLine);
            }
            out.append('}');
        } else if (value instanceof List<?> list) {
            boolean flat = list.stream().allMatch(Number.class::isInstance);
            out.append('[');
            for (Iterator<?> i = list.iterator(); i.hasNext(); ) {
                out.append(flat ? "" : newLine + "  ");
                write(i.next(), newLine + "  ", out);
                out.append(i.hasNext() ? flat ? ", " : "," : flat ? "" : newLine);
            }
            out.append(']');
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            // JSON has no word for infinity or for a value that is no number.
            out.append("null");
        } else if (value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            quote(value.toString(), out);
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (char letter : text.toCharArray()) {
            if (letter == '"' || letter == '\\') {
                out.append('\\').append(letter);
            } else if (letter < ' ') {
                out.append(String.format("\\u%04x", (int) letter));
            } else {
                out.append(letter);
            }
        }
        out.append('"');
    }
}
