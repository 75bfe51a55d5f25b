/**
 * Chat templates: Jinja as transformers sets it up (Jinja2 3.1.6, ImmutableSandboxedEnvironment, trim_blocks,
 * lstrip_blocks, loop controls, the generation tag). Jinja2 and Python decide every behaviour; templates see only the
 * values of {@link io.github.jalign.text.jinja.Value}, never an object of the JVM, and every render has limits. Start at
 * {@link io.github.jalign.text.jinja.Template}; the way is Lexer, Parser (Stmt, Expr), Interpreter and Evaluator.
 *
 * <p>Different on purpose: {@code str.format} and the filter {@code attr} are refused; names that begin with two
 * underscores are refused at once; {@code random}, {@code pprint}, {@code urlize}, {@code wordwrap} and {@code lipsum}
 * do not exist.
 */
package io.github.jalign.text.jinja;
