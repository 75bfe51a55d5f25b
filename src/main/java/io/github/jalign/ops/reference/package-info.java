/**
 * Every operator as float64 loops that follow the formula: the definition that other backends are judged by. It ships
 * ({@code --device reference}) and knows no other backend. Start at {@link io.github.jalign.ops.reference.ReferenceOps}.
 */
package io.github.jalign.ops.reference;
