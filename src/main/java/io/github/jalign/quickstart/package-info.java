/**
 * Where the small model that ships comes from: the questions and answers it was taught, its tokenizer and its first
 * weights. Everything is made from seeds, to the same bytes each time; nothing is trained here.
 * Start at {@link io.github.jalign.quickstart.Pair}; {@code models/README.md} tells the whole story.
 */
package io.github.jalign.quickstart;
