package io.github.jalign.recipe;

import io.github.jalign.train.Spelled;

/** The commands that read a recipe. */
public enum Command implements Spelled {
    DPO,
    SFT
}
