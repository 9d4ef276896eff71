package org.lowrank4j.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.lowrank4j.LowRankException;

/** Giant numbers, names and nesting cost no time, and are not echoed. */
class BoundedJsonTest {

    private static final int MANY = 1_000_000;

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            a number of 1000000 characters     | {"r":%s}                | 1
            a number of 1000000 characters     | {"r":%s}                | 9
            a number of                        | {"r":1.%s}              | 7
            a number of                        | {"r":1e%s}              | 7
            a number of                        | {"r":[[{"x":-%s}]]}     | 7
            a name of 1000000 characters       | {"%s":1}                | x
            nested more than 64 levels         | {"a":%s                 | [
            nested more than 64 levels         | %s                      | '{"a":'
            Duplicate field                    | {"a%1$s":1,"a%1$s":1}   | ''
            is not valid JSON                  | {"a":%s                 | t
            is not valid JSON                  | {"a":'%s                | t
            """)
    void hostileTextsAreRefusedAtOnce(String why, String format, String repeated) {
        String text = String.format(format, repeated.repeat(MANY));
        LowRankException refused = assertTimeout(
                Duration.ofSeconds(5),
                () -> assertThrows(LowRankException.class, () -> BoundedJson.object(text, "it")));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertTrue(
                refused.getMessage().length() < 300,
                () -> "it echoes " + refused.getMessage().length());
    }

    @Test
    void numbersOfEveryUsualLengthAreRead() {
        String numbers =
                "{\"a\":-9223372036854775808,\"b\":1.7976931348623157e308,\"c\":0.1000000000000000055511151231}";
        assertEquals(Long.MIN_VALUE, BoundedJson.object(numbers, "it").path("a").longValue());
        assertEquals(
                Double.MAX_VALUE, BoundedJson.object(numbers, "it").path("b").doubleValue());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\'', textBlock = """
            whole numbers from 0               | {"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,0]}}     | 1
            whole numbers from 0               | {"a":{"dtype":"F32","shape":[0],"data_offsets":[0,%s]}}     | 1
            whole numbers from 0               | {"a":{"dtype":"F32","shape":[1.%s],"data_offsets":[0,0]}}   | 1
            its dtype is not text              | {"a":{"dtype":%s,"shape":[],"data_offsets":[0,0]}}          | 1
            its dtype is                       | {"a":{"dtype":"%s","shape":[],"data_offsets":[0,0]}}        | F
            is not text                        | {"__metadata__":{"a":%s}}                                   | 1
            is not text                        | {"__metadata__":{"%s":1}}                                   | k
            names of at most                   | {"%s":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}     | n
            and has                            | {"a":{"%s":1}}                                              | f
            must have exactly                  | {"a":%s}                                                    | 1
            """)
    void hostileHeadersAreRefusedAtOnce(String why, String format, String repeated) {
        byte[] header = String.format(format, repeated.repeat(MANY)).getBytes(StandardCharsets.UTF_8);
        byte[] content = ByteBuffer.allocate(8 + header.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .put(header)
                .array();
        LowRankException refused = assertTimeout(
                Duration.ofSeconds(5), () -> assertThrows(LowRankException.class, () -> Safetensors.read(content)));
        assertTrue(refused.getMessage().contains(why), refused.getMessage());
        assertTrue(
                refused.getMessage().length() < 500,
                () -> "it echoes " + refused.getMessage().length());
    }
}
