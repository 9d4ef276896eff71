package org.lowrank4j.tests.pages;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Line2D;
import java.awt.geom.Rectangle2D;
import java.io.IOException;
import java.nio.file.Path;
import java.text.NumberFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import org.jfree.chart.ChartUtils;
import org.jfree.chart.JFreeChart;
import org.jfree.chart.annotations.XYTitleAnnotation;
import org.jfree.chart.axis.AxisState;
import org.jfree.chart.axis.LogAxis;
import org.jfree.chart.axis.NumberAxis;
import org.jfree.chart.axis.NumberTick;
import org.jfree.chart.axis.NumberTickUnit;
import org.jfree.chart.axis.SymbolAxis;
import org.jfree.chart.axis.ValueAxis;
import org.jfree.chart.block.BlockBorder;
import org.jfree.chart.plot.DatasetRenderingOrder;
import org.jfree.chart.plot.XYPlot;
import org.jfree.chart.renderer.xy.XYErrorRenderer;
import org.jfree.chart.title.LegendTitle;
import org.jfree.chart.title.TextTitle;
import org.jfree.chart.ui.HorizontalAlignment;
import org.jfree.chart.ui.RectangleAnchor;
import org.jfree.chart.ui.RectangleEdge;
import org.jfree.chart.ui.RectangleInsets;
import org.jfree.chart.ui.TextAnchor;
import org.jfree.chart.ui.VerticalAlignment;
import org.jfree.data.xy.XYIntervalSeries;
import org.jfree.data.xy.XYIntervalSeriesCollection;
import org.lowrank4j.file.Replacement;

/** Lines and points over two axes as a PNG, with one look for all pages. */
public final class Chart {

    private static final int WIDTH = 1280;
    private static final int HEIGHT = 760;
    private static final int ROW = 36;
    private static final int AROUND_ROWS = 180;
    private static final int FAINT = 60;

    private static final Color INK = new Color(0x33, 0x33, 0x33);
    private static final Color GRID = new Color(0xdd, 0xdd, 0xdd);

    /** Okabe and Ito's colours, which stay apart for colour-blind readers, and a brown. */
    private static final List<Color> COLOURS = List.of(
            new Color(0x00, 0x00, 0x00),
            new Color(0xe6, 0x9f, 0x00),
            new Color(0x00, 0x72, 0xb2),
            new Color(0xd5, 0x5e, 0x00),
            new Color(0x00, 0x9e, 0x73),
            new Color(0xcc, 0x79, 0xa7),
            new Color(0x56, 0xb4, 0xe9),
            new Color(0x8c, 0x6d, 0x31));

    /** What a series is drawn as. */
    public enum Mark {
        LINE,
        /** A line with a dot at each point. */
        DOTS,
        DASHES,
        /** Dots without a line. */
        POINTS,
        /** A thin pale line, which the legend leaves out. */
        FAINT
    }

    /** Where the legend is. */
    public enum Legend {
        UPPER_RIGHT,
        LOWER_RIGHT,
        BESIDE,
        BELOW
    }

    /**
     * One axis.
     *
     * @param title what it measures
     * @param least at its lower end
     * @param most at its upper end
     * @param logarithmic whether equal distances are equal ratios; both ends are then positive
     * @param names what stands at 0, 1, 2, ..., for an axis that goes down along them; empty for an axis of numbers
     * @param places what has labels on a logarithmic axis; empty for round numbers
     */
    public record Axis(
            String title, double least, double most, boolean logarithmic, List<String> names, List<Double> places) {

        public Axis {
            if (!(least < most) || Double.isInfinite(most - least) || logarithmic && least <= 0) {
                throw new IllegalArgumentException("There is no " + (logarithmic ? "logarithmic " : "") + "axis from "
                        + least + " to " + most + " for " + title + ".");
            }
        }

        /** An axis of numbers. */
        public Axis(String title, double least, double most, boolean logarithmic) {
            this(title, least, most, logarithmic, List.of(), List.of());
        }

        /** An axis with a name at each of 0, 1, 2, ..., from above to below. */
        public static Axis of(List<String> names) {
            return new Axis("", -0.5, names.size() - 0.5, false, names, List.of());
        }

        /** A logarithmic axis over all of some positive values, with room at both ends. */
        public static Axis logarithmicOver(String title, double[] values) {
            double least = DoubleStream.of(values).min().orElseThrow();
            double most = DoubleStream.of(values).max().orElseThrow();
            double room = Math.max(Math.pow(most / least, 0.04), 1.05);
            return new Axis(title, least / room, most * room, true);
        }

        /** A logarithmic axis over a few positive values, which it names. */
        public static Axis logarithmicAt(String title, double[] places) {
            Axis over = logarithmicOver(title, places);
            return new Axis(
                    title,
                    over.least,
                    over.most,
                    true,
                    List.of(),
                    DoubleStream.of(places).boxed().toList());
        }

        private ValueAxis drawn() {
            ValueAxis axis = logarithmic
                    ? new LabelledLogAxis(title, places)
                    : names.isEmpty() ? new NumberAxis(title) : new SymbolAxis(title, names.toArray(String[]::new));
            axis.setInverted(!names.isEmpty());
            if (axis instanceof SymbolAxis symbols) {
                symbols.setGridBandsVisible(false);
            } else if (axis instanceof NumberAxis linear) {
                linear.setTickUnit(new NumberTickUnit(spacing(), written(spacing())));
            }
            axis.setRange(least, most);
            axis.setLabelFont(font(Font.PLAIN, 17));
            axis.setTickLabelFont(font(Font.PLAIN, 17));
            axis.setLabelPaint(INK);
            axis.setTickLabelPaint(INK);
            axis.setAxisLinePaint(INK);
            axis.setAxisLineStroke(new BasicStroke(1.5f));
            axis.setTickMarkPaint(INK);
            return axis;
        }

        /** Where a part of the axis's length is in its range, which is what places an annotation. */
        private double partOfRange(double partOfLength) {
            return logarithmic ? (least * Math.pow(most / least, partOfLength) - least) / (most - least) : partOfLength;
        }

        /** 1, 2 or 5 times a power of ten, so that there are 4 to 10 labels. */
        private double spacing() {
            double range = (most - least) / 4;
            double power = Math.pow(10, Math.floor(Math.log10(range)));
            double parts = range / power;
            return power * (parts >= 5 ? 5 : parts >= 2 ? 2 : 1);
        }
    }

    /** As many decimals as a value needs that is 1, 2 or 5 times a power of ten. */
    private static NumberFormat written(double value) {
        int decimals = value >= 1 ? 0 : (int) Math.ceil(-Math.log10(value) - 1e-9);
        NumberFormat format = NumberFormat.getInstance(Locale.ROOT);
        format.setMinimumFractionDigits(decimals);
        format.setMaximumFractionDigits(decimals);
        return format;
    }

    /**
     * A logarithmic axis with labels at some places, or at 1, 2 and 5 times the powers of ten; at the powers alone where they
     * are many.
     */
    private static final class LabelledLogAxis extends LogAxis {

        private static final long serialVersionUID = 1;

        private final transient List<Double> places;

        LabelledLogAxis(String title, List<Double> places) {
            super(title);
            this.places = places;
        }

        private DoubleStream round() {
            boolean many = getUpperBound() / getLowerBound() > 1e4;
            return DoubleStream.iterate(
                            Math.pow(10, Math.floor(Math.log10(getLowerBound()))),
                            power -> power <= getUpperBound(),
                            power -> 10 * power)
                    .flatMap(power -> many ? DoubleStream.of(power) : DoubleStream.of(power, 2 * power, 5 * power));
        }

        @Override
        public List<NumberTick> refreshTicks(
                Graphics2D graphics, AxisState state, Rectangle2D area, RectangleEdge edge) {
            TextAnchor anchor = RectangleEdge.isTopOrBottom(edge) ? TextAnchor.TOP_CENTER : TextAnchor.CENTER_RIGHT;
            DoubleStream labelled = places.isEmpty() ? round() : places.stream().mapToDouble(Double::doubleValue);
            return labelled.filter(getRange()::contains)
                    .mapToObj(value -> new NumberTick(value, written(value).format(value), anchor, anchor, 0))
                    .toList();
        }
    }

    /**
     * What is drawn in one colour.
     *
     * @param x ascending
     * @param y as many
     */
    public record Line(String name, double[] x, double[] y, Mark mark) {}

    private final Axis across;
    private final Axis up;
    private final XYPlot plot;
    private final Legend legend;
    private final JFreeChart chart;
    private int colours;

    /** An empty chart. */
    public Chart(String title, Axis across, Axis up, Legend legend) {
        this.across = across;
        this.up = up;
        this.legend = legend;
        plot = new XYPlot(null, across.drawn(), up.drawn(), null);
        plot.setBackgroundPaint(Color.WHITE);
        plot.setOutlineVisible(false);
        plot.setDomainGridlinePaint(GRID);
        plot.setRangeGridlinePaint(GRID);
        plot.setDomainGridlineStroke(new BasicStroke(1));
        plot.setRangeGridlineStroke(new BasicStroke(1));
        plot.setAxisOffset(RectangleInsets.ZERO_INSETS);
        // What is added later lies below, so that faint lines can follow what they belong to.
        plot.setDatasetRenderingOrder(DatasetRenderingOrder.REVERSE);
        chart = new JFreeChart(null, null, plot, false);
        chart.setBackgroundPaint(Color.WHITE);
        chart.setPadding(new RectangleInsets(16, 16, 16, 24));
        chart.setTitle(new TextTitle(title, font(Font.BOLD, 21)));
        chart.getTitle().setHorizontalAlignment(HorizontalAlignment.LEFT);
        chart.getTitle().setPaint(INK);
        chart.getTitle().setPadding(8, 64, 12, 0);
    }

    /** Adds a line in the next colour; a faint one takes that of the line before it. */
    public Chart add(Line line) {
        return add(line, line.mark() == Mark.FAINT ? colours - 1 : colours);
    }

    /** Adds a line in the colour of a number: a prediction takes that of what it predicts. */
    public Chart add(Line line, int colour) {
        return add(line, line.x(), line.x(), line.y(), line.y(), colour);
    }

    /** Adds what was measured several times, with a stroke from the least to the greatest y of each point. */
    public Chart add(Line line, double[] least, double[] greatest, int colour) {
        return add(line, line.x(), line.x(), least, greatest, colour);
    }

    /** Adds what was measured several times, with a stroke from the least to the greatest x of each point. */
    public Chart addAcross(Line line, double[] least, double[] greatest, int colour) {
        return add(line, least, greatest, line.y(), line.y(), colour);
    }

    private Chart add(Line line, double[] left, double[] right, double[] least, double[] greatest, int colour) {
        XYIntervalSeries series = new XYIntervalSeries(line.name());
        for (int i = 0; i < line.x().length; i++) {
            series.add(line.x()[i], left[i], right[i], line.y()[i], least[i], greatest[i]);
        }
        XYIntervalSeriesCollection data = new XYIntervalSeriesCollection();
        data.addSeries(series);
        int index = plot.getDatasetCount();
        plot.setDataset(index, data);
        XYErrorRenderer renderer = renderer(line.mark(), COLOURS.get(colour % COLOURS.size()));
        renderer.setDrawXError(left != right);
        renderer.setDrawYError(least != greatest);
        plot.setRenderer(index, renderer);
        if (line.mark() != Mark.FAINT) {
            colours = Math.max(colours, colour + 1);
        }
        return this;
    }

    private static XYErrorRenderer renderer(Mark mark, Color colour) {
        XYErrorRenderer renderer = new XYErrorRenderer();
        boolean faint = mark == Mark.FAINT;
        renderer.setDefaultLinesVisible(mark != Mark.POINTS);
        renderer.setDefaultShapesVisible(mark == Mark.DOTS || mark == Mark.POINTS);
        renderer.setDefaultShape(new Ellipse2D.Double(-6, -6, 12, 12));
        renderer.setDefaultPaint(
                faint ? new Color(colour.getRed(), colour.getGreen(), colour.getBlue(), FAINT) : colour);
        renderer.setAutoPopulateSeriesPaint(false);
        renderer.setAutoPopulateSeriesShape(false);
        renderer.setAutoPopulateSeriesStroke(false);
        renderer.setDefaultStroke(stroke(mark));
        renderer.setDrawSeriesLineAsPath(true);
        renderer.setErrorPaint(colour);
        renderer.setErrorStroke(new BasicStroke(2));
        renderer.setCapLength(0);
        renderer.setLegendLine(new Line2D.Double(-18, 0, 18, 0));
        renderer.setDefaultSeriesVisibleInLegend(!faint);
        return renderer;
    }

    private static BasicStroke stroke(Mark mark) {
        return switch (mark) {
            case FAINT -> new BasicStroke(1);
            case DASHES -> new BasicStroke(3, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1, new float[] {12, 8}, 0);
            default -> new BasicStroke(3, BasicStroke.CAP_ROUND, BasicStroke.JOIN_ROUND);
        };
    }

    /** Draws and writes the picture. */
    public void write(Path file) throws IOException {
        LegendTitle names = new LegendTitle(plot);
        names.setItemFont(font(Font.PLAIN, 18));
        names.setItemLabelPadding(new RectangleInsets(3, 8, 3, 3));
        names.setPadding(6, 10, 6, 10);
        if (legend == Legend.BESIDE || legend == Legend.BELOW) {
            names.setPosition(legend == Legend.BESIDE ? RectangleEdge.RIGHT : RectangleEdge.BOTTOM);
            names.setVerticalAlignment(VerticalAlignment.TOP);
            chart.addSubtitle(names);
        } else {
            names.setBackgroundPaint(new Color(255, 255, 255, 230));
            names.setFrame(new BlockBorder(new Color(0xbb, 0xbb, 0xbb)));
            names.setPosition(RectangleEdge.RIGHT);
            boolean atTop = legend == Legend.UPPER_RIGHT;
            plot.addAnnotation(new XYTitleAnnotation(
                    across.partOfRange(0.99),
                    up.partOfRange(atTop ? 0.98 : 0.02),
                    names,
                    atTop ? RectangleAnchor.TOP_RIGHT : RectangleAnchor.BOTTOM_RIGHT));
        }
        int height =
                up.names().isEmpty() ? HEIGHT : AROUND_ROWS + ROW * up.names().size();
        Replacement.write(file, out -> ChartUtils.writeChartAsPNG(out, chart, WIDTH, height));
    }

    private static Font font(int style, int size) {
        return new Font(Font.SANS_SERIF, style, size);
    }
}
