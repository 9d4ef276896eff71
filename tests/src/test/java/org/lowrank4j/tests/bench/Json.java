package org.lowrank4j.tests.bench;

import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Writes maps, lists, strings, numbers and booleans as JSON, indented by two spaces; lists of numbers on one line. */
final class Json {

    private final StringBuilder out = new StringBuilder();

    private Json() {}

    static String write(Object value) {
        Json json = new Json();
        json.append(value, "\n");
        return json.out.append('\n').toString();
    }

    private void append(Object value, String newLine) {
        if (value instanceof Map<?, ?> map) {
            out.append('{');
            String separator = "";
            for (Map.Entry<?, ?> entry : map.entrySet()) {
                out.append(separator).append(newLine).append("  ");
                quote(entry.getKey().toString());
                out.append(": ");
                append(entry.getValue(), newLine + "  ");
                separator = ",";
            }
            out.append(map.isEmpty() ? "}" : newLine + "}");
        } else if (value instanceof List<?> list) {
            appendList(list, newLine);
        } else if (value instanceof Double number && !Double.isFinite(number)) {
            // JSON has no word for infinity or for what is no number.
            out.append("null");
        } else if (value instanceof Number || value instanceof Boolean) {
            out.append(value);
        } else {
            quote(value.toString());
        }
    }

    private void appendList(List<?> list, String newLine) {
        boolean flat = list.stream().allMatch(Number.class::isInstance);
        out.append('[');
        for (Iterator<?> elements = list.iterator(); elements.hasNext(); ) {
            out.append(flat ? "" : newLine + "  ");
            append(elements.next(), newLine + "  ");
            out.append(elements.hasNext() ? flat ? ", " : "," : flat ? "" : newLine);
        }
        out.append(']');
    }

    private void quote(String text) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char letter = text.charAt(i);
            switch (letter) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                default -> out.append(letter < ' ' ? String.format("\\u%04x", (int) letter) : letter);
            }
        }
        out.append('"');
    }
}
