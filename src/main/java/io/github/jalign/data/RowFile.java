package io.github.jalign.data;

import io.github.jalign.errors.JalignException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one file, one at a time: JSON Lines, or a JSON array when the first character is {@code [}; either may be
 * gzipped, which its first bytes tell. Rows are cut out without being parsed, so that a malformed row costs only itself.
 * Blank lines hold no row.
 */
final class RowFile implements AutoCloseable {
    /** A row longer than this is taken for a file that is not made of rows. */
    static final int MAX_ROW_BYTES = 64 << 20;

    private static final int END = -1;
    private static final int BUFFER_BYTES = 1 << 16;

    private final String file;
    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int position;
    private int limit;

    private byte[] row = new byte[1024];
    private int length;
    private boolean array;
    private long line;
    private boolean ended;

    /**
     * @throws JalignException of kind IO when the file cannot be opened, of kind INPUT when it is Parquet
     */
    RowFile(Path path) {
        file = path.toString();
        InputStream opened = null;
        try {
            opened = new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES);
            opened.mark(4);
            byte[] magic = opened.readNBytes(4);
            opened.reset();
            if (magic.length == 4 && magic[0] == 'P' && magic[1] == 'A' && magic[2] == 'R' && magic[3] == '1') {
                throw new JalignException(
                        JalignException.Kind.INPUT,
                        file,
                        "rows are read from JSON",
                        "a Parquet file",
                        "JSON Lines or a JSON array, gzipped or not",
                        "export it, for example with datasets' to_json");
            }
            boolean gzip = magic.length > 1 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
            in = gzip ? new GZIPInputStream(opened, BUFFER_BYTES) : opened;
            skipByteOrderMark();
            array = peekPastSpace() == '[';
            if (array) {
                position++;
                line = 0;
            }
        } catch (IOException e) {
            closeQuietly(opened, e);
            throw failure(e);
        } catch (JalignException e) {
            closeQuietly(opened, e);
            throw e;
        }
    }

    /**
     * The next row, or null after the last.
     *
     * @throws JalignException of kind INPUT when the file is damaged beyond a single row, of kind IO when reading fails
     */
    @Nullable RawRow next() {
        try {
            return array ? nextElement() : nextLine();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private @Nullable RawRow nextLine() throws IOException {
        while (true) {
            int b = read();
            if (b == END) {
                return null;
            }
            line++;
            length = 0;
            boolean blank = true;
            for (; b != END && b != '\n'; b = read()) {
                blank &= isSpace(b);
                append(b);
            }
            if (!blank) {
                return new RawRow(id(), Arrays.copyOf(row, length));
            }
        }
    }

    private @Nullable RawRow nextElement() throws IOException {
        if (ended) {
            return null;
        }
        if (line == 0 && peekPastSpace() == ']') {
            position++;
            endArray();
            return null;
        }
        line++;
        length = 0;
        int depth = 0;
        boolean string = false;
        while (true) {
            int b = read();
            if (b == END) {
                throw damaged("the file ends inside row " + line);
            }
            if (string) {
                if (b == '\\') {
                    append(b);
                    b = read();
                } else if (b == '"') {
                    string = false;
                }
            } else if (b == '"') {
                string = true;
            } else if (b == '[' || b == '{') {
                depth++;
            } else if (depth == 0 && (b == ',' || b == ']')) {
                if (b == ']') {
                    endArray();
                }
                return new RawRow(id(), Arrays.copyOf(row, length));
            } else if (b == ']' || b == '}') {
                depth--;
            }
            if (b != END) {
                append(b);
            }
        }
    }

    private void endArray() throws IOException {
        ended = true;
        if (peekPastSpace() != END) {
            throw damaged("text follows the array");
        }
    }

    private void append(int b) {
        if (length == MAX_ROW_BYTES) {
            throw new JalignException(
                    JalignException.Kind.INPUT,
                    id().toString(),
                    "a row holds at most " + (MAX_ROW_BYTES >> 20) + " MiB",
                    "a longer one",
                    "JSON Lines or a JSON array of objects",
                    "check that the file is made of rows");
        }
        if (length == row.length) {
            row = Arrays.copyOf(row, 2 * length);
        }
        row[length++] = (byte) b;
    }

    private RowId id() {
        return new RowId(file, line, array);
    }

    private int read() throws IOException {
        return position < limit || fill() ? buffer[position++] & 0xff : END;
    }

    private boolean fill() throws IOException {
        limit = Math.max(0, in.read(buffer));
        position = 0;
        return limit > 0;
    }

    private int peekPastSpace() throws IOException {
        while (true) {
            if (position == limit && !fill()) {
                return END;
            }
            if (!isSpace(buffer[position])) {
                return buffer[position] & 0xff;
            }
            if (!array && buffer[position] == '\n') {
                line++;
            }
            position++;
        }
    }

    /** Some Windows programs begin UTF-8 files with U+FEFF. */
    private void skipByteOrderMark() throws IOException {
        limit = in.readNBytes(buffer, 0, 3);
        if (limit == 3 && buffer[0] == (byte) 0xef && buffer[1] == (byte) 0xbb && buffer[2] == (byte) 0xbf) {
            position = 3;
        }
    }

    private static boolean isSpace(int b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    private JalignException damaged(String found) {
        return new JalignException(
                JalignException.Kind.INPUT,
                file,
                "the file must be a whole JSON array",
                found,
                "[row, row, …]",
                "copy or export the file again");
    }

    private JalignException failure(IOException e) {
        if (e instanceof EOFException || e instanceof ZipException) {
            return new JalignException(
                    JalignException.Kind.INPUT,
                    file,
                    "the gzip data must be whole",
                    e instanceof EOFException ? "the file ends too soon" : String.valueOf(e.getMessage()),
                    "a complete gzip file",
                    "copy or compress the file again",
                    e);
        }
        return new JalignException(
                JalignException.Kind.IO,
                file,
                "the file must be readable",
                e.toString(),
                "a file this user may read",
                "check the path and its permissions",
                e);
    }

    private static void closeQuietly(@Nullable InputStream opened, Exception reason) {
        if (opened != null) {
            try {
                opened.close();
            } catch (IOException e) {
                reason.addSuppressed(e);
            }
        }
    }
}
