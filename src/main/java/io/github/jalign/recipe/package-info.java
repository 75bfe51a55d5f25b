/**
 * YAML recipes and {@code --key=value} overrides to configuration records; every accepted key stands in one table. The
 * only room that parses YAML. Start at {@link io.github.jalign.recipe.Keys}.
 */
package io.github.jalign.recipe;
