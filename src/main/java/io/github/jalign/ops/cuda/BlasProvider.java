package io.github.jalign.ops.cuda;

import io.github.jalign.errors.JalignException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How cuBLAS is bound. */
enum BlasProvider {
    /** By hand, to either major version. */
    PANAMA,
    /** JCublas2, which is linked against CUDA 12's. */
    JCUBLAS;

    /** In the order they are tried. */
    private List<String> libraries() {
        return switch (this) {
            case PANAMA -> List.of("libcublas.so.13", "libcublas.so.12");
            case JCUBLAS -> List.of("libcublas.so.12");
        };
    }

    /** PANAMA, unless {@code JALIGN_CUBLAS} names the other. */
    static BlasProvider wanted() {
        return of(Optional.ofNullable(System.getenv("JALIGN_CUBLAS")).orElse("panama"));
    }

    /** @throws JalignException of kind USAGE for a word that is neither */
    static BlasProvider of(String word) {
        return switch (word.toLowerCase(Locale.ROOT)) {
            case "panama" -> PANAMA;
            case "jcublas" -> JCUBLAS;
            default ->
                throw new JalignException(
                        JalignException.Kind.USAGE,
                        "JALIGN_CUBLAS",
                        "the environment variable names a binding of cuBLAS",
                        word,
                        "panama or jcublas",
                        "unset it, or set it to one of these");
        };
    }

    /** The library that would be used. */
    Optional<String> find() {
        return libraries().stream().filter(Driver::loads).findFirst();
    }

    /** What to say where {@link #find} finds none. */
    JalignException missing() {
        return new JalignException(
                JalignException.Kind.DEVICE,
                "device cuda",
                "matrix products need cuBLAS",
                "none of " + String.join(", ", libraries()) + " can be loaded",
                this == PANAMA ? "cuBLAS of CUDA 13 or 12" : "cuBLAS of CUDA 12",
                "install it and put its folder on LD_LIBRARY_PATH, or run with --device=cpu");
    }

    /** @throws JalignException of kind DEVICE where no library is, or it refuses */
    Blas open(Address.Stream stream) {
        String library = find().orElseThrow(this::missing);
        return switch (this) {
            case PANAMA -> new PanamaBlas(library, stream.address());
            case JCUBLAS -> new JCublasBlas(stream);
        };
    }
}
