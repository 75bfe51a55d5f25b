package io.github.jalign.data;

/** Where the prompt of a text pair without a {@code prompt} column ends. */
public enum ImplicitPrompt {
    /** After the last {@code "\n\nAssistant:"} that both texts share. */
    TURNS,
    /** Where the characters of both texts diverge, by TRL's {@code extract_prompt} with all its corners. */
    TRL
}
