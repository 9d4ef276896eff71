package org.lowrank4j.update;

import java.lang.reflect.Array;
import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.util.Collection;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;

/** The memory of every array that can be reached from an object through the project's own classes and collections. */
final class ReachableArrays {

    private final Map<Object, Object> seen = new IdentityHashMap<>();
    private final Set<Long> buffers = new TreeSet<>();
    private long bytes;

    private ReachableArrays() {}

    /**
     * Bytes of ND4J's buffers, each one counted whole and once, and of arrays of double.
     *
     * @param but an array whose buffer does not count
     */
    static long bytes(Object root, INDArray but) {
        ReachableArrays arrays = new ReachableArrays();
        arrays.buffers.add(whole(but).address());
        arrays.visit(root);
        return arrays.bytes;
    }

    private static DataBuffer whole(INDArray array) {
        DataBuffer data = array.data();
        return data.originalDataBuffer() == null ? data : data.originalDataBuffer();
    }

    private void visit(Object value) {
        if (value == null || seen.put(value, value) != null) {
            return;
        }
        if (value instanceof INDArray array) {
            if (!array.isEmpty() && buffers.add(whole(array).address())) {
                bytes += whole(array).length() * array.dataType().width();
            }
        } else if (value instanceof double[] numbers) {
            bytes += (long) numbers.length * Double.BYTES;
        } else if (value instanceof Map<?, ?> map) {
            map.values().forEach(this::visit);
        } else if (value instanceof Collection<?> collection) {
            collection.forEach(this::visit);
        } else if (value instanceof Optional<?> optional) {
            optional.ifPresent(this::visit);
        } else if (value.getClass().isArray()
                && !value.getClass().getComponentType().isPrimitive()) {
            for (int i = 0; i < Array.getLength(value); i++) {
                visit(Array.get(value, i));
            }
        } else if (value.getClass().getName().startsWith("org.lowrank4j.")) {
            visitFields(value);
        }
    }

    private void visitFields(Object value) {
        for (Class<?> type = value.getClass();
                type != null && type.getName().startsWith("org.lowrank4j.");
                type = type.getSuperclass()) {
            for (Field field : type.getDeclaredFields()) {
                if (!Modifier.isStatic(field.getModifiers()) && !field.getType().isPrimitive()) {
                    try {
                        field.setAccessible(true);
                        visit(field.get(value));
                    } catch (IllegalAccessException hidden) {
                        throw new AssertionError(field + " cannot be read", hidden);
                    }
                }
            }
        }
    }
}
