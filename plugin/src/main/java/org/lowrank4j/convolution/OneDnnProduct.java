package org.lowrank4j.convolution;

import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DIFF_WEIGHTS;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_DST;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_FROM;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SCRATCHPAD;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_SRC;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_TO;
import static org.bytedeco.dnnl.global.dnnl.DNNL_ARG_WEIGHTS;

import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.convolution_backward_data;
import org.bytedeco.dnnl.convolution_backward_weights;
import org.bytedeco.dnnl.convolution_forward;
import org.bytedeco.dnnl.global.dnnl.algorithm;
import org.bytedeco.dnnl.global.dnnl.prop_kind;
import org.bytedeco.dnnl.global.dnnl.scratchpad_mode;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.primitive_desc;
import org.bytedeco.dnnl.primitive_desc_base;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One primitive with what brings its arrays into the formats that it wants, and its result back. Those formats, and what it
 * needs while it runs, lie in an array that a run takes from the workspace that is open: the scratchpad that the library
 * would give is shared by threads that it must not be shared by.
 */
final class OneDnnProduct {

    /** oneDNN's memory is best where a cache line begins. */
    private static final int LINE = 64;

    /** Which of the three arrays a product writes. */
    enum Kind {
        FORWARD,
        BACKWARD,
        GRADIENT
    }

    /**
     * In oneDNN's terms: a dilation of 0 is none.
     *
     * @param plain whether pictures and results stay as they lie in memory, else oneDNN chooses
     */
    record Geometry(List<Long> strides, List<Long> dilations, List<Long> before, List<Long> after, boolean plain) {}

    private final List<Runnable> steps = new ArrayList<>();
    private final List<memory> given;
    private final List<memory> own = new ArrayList<>();
    private final List<Long> offsets = new ArrayList<>();
    private final List<Pointer> held = new ArrayList<>();
    private long bytes;

    /** Empty if there is none, or none but the reference implementation, which is slower than ours. */
    static Optional<OneDnnProduct> of(Kind kind, Geometry geometry, Layout pictures, Layout filters, Layout results) {
        try {
            primitive_desc wanted = description(kind, geometry, pictures, filters, results);
            return wanted.impl_info_str().getString().startsWith("ref")
                    ? Optional.empty()
                    : Optional.of(new OneDnnProduct(kind, wanted, List.of(pictures, filters, results)));
        } catch (RuntimeException none) {
            // oneDNN throws where it has no primitive.
            return Optional.empty();
        }
    }

    private static primitive_desc description(
            Kind kind, Geometry geometry, Layout pictures, Layout filters, Layout results) {
        memory.desc x = geometry.plain() ? strided(pictures) : any(pictures);
        memory.desc w = any(filters);
        memory.desc z = geometry.plain() ? strided(results) : any(results);
        long[] strides = longs(geometry.strides());
        long[] dilations = longs(geometry.dilations());
        long[] before = longs(geometry.before());
        long[] after = longs(geometry.after());
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(scratchpad_mode.user);
        convolution_forward.primitive_desc forward = new convolution_forward.primitive_desc(
                new convolution_forward.desc(
                        prop_kind.forward_training,
                        algorithm.convolution_direct,
                        x,
                        w,
                        z,
                        strides,
                        dilations,
                        before,
                        after),
                attributes,
                OneDnnProcessor.CPU);
        return switch (kind) {
            case FORWARD -> forward;
            case BACKWARD ->
                new convolution_backward_data.primitive_desc(
                        new convolution_backward_data.desc(
                                algorithm.convolution_direct, x, w, z, strides, dilations, before, after),
                        attributes,
                        OneDnnProcessor.CPU,
                        forward);
            case GRADIENT ->
                new convolution_backward_weights.primitive_desc(
                        new convolution_backward_weights.desc(
                                algorithm.convolution_direct, x, w, z, strides, dilations, before, after),
                        attributes,
                        OneDnnProcessor.CPU,
                        forward);
        };
    }

    private OneDnnProduct(Kind kind, primitive_desc wanted, List<Layout> layouts) {
        given = layouts.stream()
                .map(layout -> new memory(strided(layout), OneDnnProcessor.CPU, new Pointer()))
                .toList();
        int[] arguments = switch (kind) {
            case FORWARD -> new int[] {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST};
            case BACKWARD -> new int[] {DNNL_ARG_DIFF_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DIFF_DST};
            case GRADIENT -> new int[] {DNNL_ARG_SRC, DNNL_ARG_DIFF_WEIGHTS, DNNL_ARG_DIFF_DST};
        };
        memory.desc[] formats = switch (kind) {
            case FORWARD -> new memory.desc[] {wanted.src_desc(), wanted.weights_desc(), wanted.dst_desc()};
            case BACKWARD -> new memory.desc[] {wanted.diff_src_desc(), wanted.weights_desc(), wanted.diff_dst_desc()};
            case GRADIENT -> new memory.desc[] {wanted.src_desc(), wanted.diff_weights_desc(), wanted.diff_dst_desc()};
        };
        int written = switch (kind) {
            case FORWARD -> 2;
            case BACKWARD -> 0;
            case GRADIENT -> 1;
        };
        IntMemoryMap map = new IntMemoryMap();
        List<Runnable> back = new ArrayList<>();
        for (int i = 0; i < arguments.length; i++) {
            memory user = given.get(i);
            boolean asItIs = user.get_desc().equals(formats[i]);
            memory used = asItIs ? user : room(formats[i]);
            map.put(arguments[i], used);
            if (!asItIs && i == written) {
                back.add(reordering(used, user));
            } else if (!asItIs) {
                steps.add(reordering(user, used));
            }
        }
        map.put(DNNL_ARG_SCRATCHPAD, room(wanted.scratchpad_desc()));
        steps.add(running(new primitive(wanted), map));
        steps.addAll(back);
    }

    private memory room(memory.desc format) {
        memory room = new memory(format, OneDnnProcessor.CPU, new Pointer());
        own.add(room);
        offsets.add(bytes);
        bytes += (format.get_size() + LINE - 1) / LINE * LINE;
        return room;
    }

    private Runnable reordering(memory from, memory to) {
        IntMemoryMap map = new IntMemoryMap();
        map.put(DNNL_ARG_FROM, from);
        map.put(DNNL_ARG_TO, to);
        primitive_attr attributes = new primitive_attr();
        attributes.set_scratchpad_mode(scratchpad_mode.user);
        primitive_desc_base wanted = new reorder.primitive_desc(
                OneDnnProcessor.CPU, from.get_desc(), OneDnnProcessor.CPU, to.get_desc(), attributes, false);
        map.put(DNNL_ARG_SCRATCHPAD, room(wanted.scratchpad_desc()));
        return running(new reorder((reorder.primitive_desc) wanted), map);
    }

    private Runnable running(primitive primitive, IntMemoryMap arguments) {
        held.add(primitive);
        held.add(arguments);
        return () -> primitive.execute(OneDnnProcessor.STREAM, arguments);
    }

    /** On arrays of the layouts that it was made for. */
    void run(INDArray pictures, INDArray filters, INDArray results) {
        INDArray room = Nd4j.createUninitialized(DataType.FLOAT, (bytes + LINE) / Float.BYTES + 1);
        BytePointer start = new BytePointer(room.data().addressPointer());
        long aligned = -start.address() & LINE - 1;
        for (int i = 0; i < own.size(); i++) {
            own.get(i).set_data_handle(start.getPointer(aligned + offsets.get(i)));
        }
        given.get(0).set_data_handle(pictures.data().addressPointer());
        given.get(1).set_data_handle(filters.data().addressPointer());
        given.get(2).set_data_handle(results.data().addressPointer());
        steps.forEach(Runnable::run);
        OneDnnProcessor.STREAM._wait();
        Reference.reachabilityFence(room);
        Reference.reachabilityFence(pictures);
        Reference.reachabilityFence(filters);
        Reference.reachabilityFence(results);
    }

    private static memory.desc any(Layout layout) {
        return new memory.desc(layout.shape(), memory.data_type.f32, memory.format_tag.any);
    }

    private static memory.desc strided(Layout layout) {
        return new memory.desc(layout.shape(), memory.data_type.f32, layout.steps());
    }

    private static long[] longs(List<Long> numbers) {
        return numbers.stream().mapToLong(Long::longValue).toArray();
    }
}
