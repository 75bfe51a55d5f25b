/**
 * From files to tokenised items: row sources, preference formats, splits, truncation, order and packs. It reads and
 * counts, and never trains. Start at {@link io.github.jalign.data.Dataset}.
 */
package io.github.jalign.data;
