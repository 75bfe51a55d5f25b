package io.github.jalign.text.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement; {@code at} is its offset in the source. */
sealed interface Stmt {
    int at();

    /** Text outside of tags. */
    record Data(int at, Text text) implements Stmt {}

    record Print(int at, Expr value) implements Stmt {}

    record If(int at, List<Branch> branches, List<Stmt> otherwise) implements Stmt {}

    record Branch(Expr test, List<Stmt> body) {}

    record For(
            int at,
            Target target,
            Expr iterable,
            @Nullable Expr test,
            boolean recursive,
            List<Stmt> body,
            List<Stmt> otherwise)
            implements Stmt {}

    record Set(int at, Target target, Expr value) implements Stmt {}

    /** {@code {% set x %}…{% endset %}}; the filter, if any, takes the text from {@link #BODY}. */
    record SetBlock(int at, Target target, @Nullable Expr filter, List<Stmt> body) implements Stmt {}

    record With(int at, List<Target> targets, List<Expr> values, List<Stmt> body) implements Stmt {}

    record FilterBlock(int at, Expr filter, List<Stmt> body) implements Stmt {}

    record MacroDefinition(int at, String name, Signature signature, List<Stmt> body) implements Stmt {}

    record CallBlock(int at, Expr.Call call, Signature signature, List<Stmt> body) implements Stmt {}

    record Generation(int at, List<Stmt> body) implements Stmt {}

    /** {@code {% block %}}, {@code {% autoescape false %}}: a body with variables of its own. */
    record Scoped(int at, boolean onlyGlobals, List<Stmt> body) implements Stmt {}

    record Break(int at) implements Stmt {}

    record Continue(int at) implements Stmt {}

    /** A tag that Jinja2 knows and a chat template cannot use. */
    record Refused(int at, String tag) implements Stmt {}

    /** The name that filters of blocks read the block's text from; no template can write it. */
    String BODY = "";

    /**
     * The parameters of a macro or call block.
     *
     * @param defaults for the last parameters
     * @param caller whether the body asks for {@code caller}, and so on
     */
    record Signature(List<String> parameters, List<Expr> defaults, boolean caller, boolean varargs, boolean kwargs) {}

    /** What can stand left of {@code =} or between {@code for} and {@code in}. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        record NamespaceAttribute(String namespace, String name) implements Target {}

        record Unpacked(List<Target> targets) implements Target {}
    }
}
