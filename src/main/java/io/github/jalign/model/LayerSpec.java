package io.github.jalign.model;

/**
 * What may differ from layer to layer.
 *
 * @param window keys a token sees, itself included; 0 for all
 * @param rotary whether queries and keys are rotated (SmolLM3 leaves every fourth layer as it is)
 */
public record LayerSpec(int window, boolean rotary) {}
