package vision;

import digits.DigitBatches;
import digits.DigitSet;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.deeplearning4j.nn.graph.ComputationGraph;

/** Pictures side by side, in a blue frame where the network is right and in an orange one, with its answer, where it is not. */
final class Sheet {

    private static final int COLUMNS = 12;
    private static final int ROWS = 6;
    private static final int ZOOM = 2;
    private static final int CELL = ZOOM * DigitSet.SIDE + 8;
    // Told apart by the colour-blind as well (Okabe and Ito 2008).
    private static final Color RIGHT = new Color(0x0072B2);
    private static final Color WRONG = new Color(0xE69F00);

    private Sheet() {}

    /** Writes the first of the pictures as a PNG, and returns where. */
    static Path write(ComputationGraph network, DigitSet pictures, Path file) throws IOException {
        DigitSet shown = pictures.first(COLUMNS * ROWS);
        int[] answers = network.outputSingle(
                        DigitBatches.once(shown, shown.size()).next().getFeatures())
                .argMax(1)
                .toIntVector();
        BufferedImage sheet = new BufferedImage(COLUMNS * CELL, ROWS * CELL, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = sheet.createGraphics();
        for (int i = 0; i < shown.size(); i++) {
            int left = i % COLUMNS * CELL;
            int top = i / COLUMNS * CELL;
            boolean right = answers[i] == shown.labels()[i];
            pen.setColor(right ? RIGHT : WRONG);
            pen.fillRect(left, top, CELL, CELL);
            pen.drawImage(picture(shown.images()[i]), left + 4, top + 4, CELL - 8, CELL - 8, null);
            if (!right) {
                pen.drawString(String.valueOf(answers[i]), left + 6, top + 16);
            }
        }
        pen.dispose();
        ImageIO.write(sheet, "png", file.toFile());
        return file;
    }

    private static BufferedImage picture(byte[] greys) {
        BufferedImage picture = new BufferedImage(DigitSet.SIDE, DigitSet.SIDE, BufferedImage.TYPE_BYTE_GRAY);
        picture.getRaster().setDataElements(0, 0, DigitSet.SIDE, DigitSet.SIDE, greys);
        return picture;
    }
}
