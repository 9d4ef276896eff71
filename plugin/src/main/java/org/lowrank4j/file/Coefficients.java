package org.lowrank4j.file;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteOrder;
import org.lowrank4j.LowRankException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The parameter vector in a model zip, in ND4J's binary form: a shape buffer and a data buffer, each with its kind, its
 * length, its type and big-endian entries.
 *
 * <p>ND4J's own reader takes memory for whatever length the data claims; here the claim is compared with the data first.
 */
final class Coefficients {

    private Coefficients() {}

    /**
     * Reads the vector.
     *
     * @param in from the first byte
     * @param length number of bytes that there are
     * @param expected number of entries that the configuration describes
     * @return 1 x n, of a floating-point type
     * @throws LowRankException if it is damaged, of another length, or no vector of these types
     */
    static INDArray read(DataInputStream in, long length, long expected) throws IOException {
        try {
            Header shape = header(in);
            if (!shape.type().equals("LONG") || shape.length() < 4 || shape.length() > 2 * 32 + 4) {
                throw damaged("its shape is " + shape.length() + " entries of " + shape.type());
            }
            long rank = in.readLong();
            if (rank < 0 || shape.length() != 2 * rank + 4) {
                throw damaged("its shape of " + shape.length() + " entries says that it has " + rank + " dimensions");
            }
            long entries = 1;
            for (long i = 0; i < rank; i++) {
                long side = in.readLong();
                if (side < 0) {
                    throw damaged("one of its sides is " + side);
                }
                entries = Math.multiplyExact(entries, side);
            }
            for (long i = rank + 1; i < shape.length(); i++) {
                in.readLong();
            }
            Header data = header(in);
            DataType type = type(data.type());
            long left = length - shape.bytes() - 8 * shape.length() - data.bytes();
            if (data.length() != entries || left != Math.multiplyExact(entries, (long) type.width())) {
                throw damaged("its shape has " + entries + " entries, its data says " + data.length()
                        + ", and there are " + left + " bytes of " + type);
            }
            if (entries != expected) {
                throw new LowRankException("its configuration and its parameters do not fit: it has " + entries
                        + " parameters, and its configuration describes " + expected + ".");
            }
            INDArray vector = Nd4j.createUninitialized(type, new long[] {1, entries}, 'c');
            EntryBytes.write(vector, ByteOrder.BIG_ENDIAN, (at, bytes, count) -> in.readFully(bytes, 0, count));
            return vector;
        } catch (EOFException cutOff) {
            throw damaged("it is cut off", cutOff);
        } catch (ArithmeticException overflow) {
            throw damaged("its shape is too large", overflow);
        }
    }

    private record Header(long length, String type, long bytes) {}

    private static Header header(DataInputStream in) throws IOException {
        String kind = text(in);
        if (!kind.equals("MIXED_DATA_TYPES") && !kind.equals("LONG_SHAPE")) {
            throw new LowRankException("its parameters are in a form that is not read here (" + kind
                    + "): open it with DL4J 1.0.0-M2.1 and save it again.");
        }
        long length = in.readLong();
        String type = text(in);
        return new Header(length, type, 2 + kind.length() + 8 + 2 + type.length());
    }

    /** At most as many characters as any name has that can stand here. */
    private static String text(DataInputStream in) throws IOException {
        int length = in.readUnsignedShort();
        if (length > 64) {
            throw damaged("a name in it has " + length + " characters");
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < length; i++) {
            text.append((char) in.readUnsignedByte());
        }
        return text.toString();
    }

    private static DataType type(String name) {
        return switch (name) {
            case "FLOAT" -> DataType.FLOAT;
            case "DOUBLE" -> DataType.DOUBLE;
            case "HALF" -> DataType.FLOAT16;
            default ->
                throw new LowRankException(
                        "its parameters have the type " + name + ", which is none that networks have.");
        };
    }

    private static LowRankException damaged(String why) {
        return new LowRankException("its parameters are damaged: " + why + ".");
    }

    private static LowRankException damaged(String why, Throwable cause) {
        return new LowRankException("its parameters are damaged: " + why + ".", cause);
    }
}
