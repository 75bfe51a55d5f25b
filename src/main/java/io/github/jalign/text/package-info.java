/**
 * From conversations to token ids: the chat-template engine, messages, and the tokenizer. The only room that knows DJL;
 * templates see plain values only. Start at {@link io.github.jalign.text.Tokenizer}.
 */
package io.github.jalign.text;
