package io.github.jalign.cli;

import io.github.jalign.errors.JalignException;
import io.github.jalign.errors.TextFile;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import org.jspecify.annotations.Nullable;

/**
 * The clone or unpacked release that this code runs from: it holds {@code models/quickstart} and {@code recipes}.
 *
 * @param folder absolute
 */
record QuickstartHome(Path folder) {
    private static final String MODEL = "models/quickstart";
    private static final String RECIPE = "recipes/quickstart-dpo.yaml";

    /** @throws JalignException of kind INPUT when the code stands alone */
    static QuickstartHome find() {
        Path code = code();
        for (@Nullable Path folder = code; folder != null; folder = folder.getParent()) {
            if (Files.exists(folder.resolve(MODEL).resolve("config.json"))) {
                return new QuickstartHome(folder);
            }
        }
        throw new JalignException(
                JalignException.Kind.INPUT,
                "jalign quickstart",
                "the model to align ships beside the program, in " + MODEL,
                "no such folder above " + code,
                "a clone of jalign or an unpacked release",
                "run ./jalign from there");
    }

    private static Path code() {
        @Nullable CodeSource source = QuickstartHome.class.getProtectionDomain().getCodeSource();
        if (source == null) {
            throw new IllegalStateException("the class path does not say where jalign's classes are");
        }
        try {
            return Path.of(source.getLocation().toURI()).toAbsolutePath();
        } catch (URISyntaxException e) {
            throw new IllegalStateException("not a place: " + source.getLocation(), e);
        }
    }

    Path model() {
        return shown(MODEL);
    }

    Path recipe() {
        return shown(RECIPE);
    }

    /** The launcher, as it can be typed here. */
    String launcher() {
        Path launcher = shown("jalign");
        return launcher.isAbsolute() ? launcher.toString() : "./" + launcher;
    }

    /** Relative to where the user stands when it lies below, so that it can be read and typed. */
    private Path shown(String name) {
        Path here = Path.of("").toAbsolutePath();
        Path file = folder.resolve(name);
        return file.startsWith(here) ? here.relativize(file) : file;
    }

    /** @throws io.github.jalign.errors.JalignException of kind IO or INPUT */
    String recipeText() {
        return TextFile.read(folder.resolve(RECIPE), "the recipe that ships with jalign");
    }
}
