package io.github.jalign.convert;

/** Told how a conversion goes. */
public interface ConvertListener {
    /** A tensor is in the new file. */
    void written(int done, int total);

    /** Something that the other format cannot say, or that the other program does otherwise. */
    void warned(String message);
}
