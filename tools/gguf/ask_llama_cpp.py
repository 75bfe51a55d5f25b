"""Asks llama.cpp about a GGUF file; LlamaCppTest runs it.

usage: python ask_llama_cpp.py MODEL.gguf < questions > answers

Reads one JSON object a line and answers each with one line:
  {"encode": TEXT}                      the ids of a text, special tokens in it understood, nothing put around it
  {"encode": TEXT, "around": true}      the same, with what the model puts around a text
  {"logits": [ID, ...]}                 the logits after the last of these tokens
  {"greedy": [ID, ...], "tokens": N}    the N best next tokens, one after the other

Needs llama-cpp-python 0.3.36. Built from source, without AMX where that crashes:
  CMAKE_ARGS="-DGGML_NATIVE=OFF -DGGML_AVX2=ON -DGGML_FMA=ON -DGGML_F16C=ON" pip install llama-cpp-python==0.3.36
Keys and values are kept in float32, as jalign does; llama.cpp's own choice is float16.
"""
import json
import sys

import llama_cpp

FLOAT32 = 0  # GGML_TYPE_F32

model = llama_cpp.Llama(
    sys.argv[1], n_ctx=128, n_batch=128, n_threads=2, type_k=FLOAT32, type_v=FLOAT32, logits_all=True, verbose=False
)


def logits(ids):
    model.reset()
    model.eval(ids)
    return model.scores[len(ids) - 1]


for line in sys.stdin:
    question = json.loads(line)
    if "encode" in question:
        answer = model.tokenize(
            question["encode"].encode(), add_bos=question.get("around", False), special=True
        )
    elif "logits" in question:
        answer = [float(x) for x in logits(question["logits"])]
    else:
        ids = list(question["greedy"])
        for _ in range(question["tokens"]):
            ids.append(int(logits(ids).argmax()))
        answer = ids[len(question["greedy"]) :]
    print(json.dumps(answer), flush=True)
