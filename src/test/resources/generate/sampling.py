"""Probabilities after transformers' logits processors, in the order in which generate() applies them."""
import json, torch, transformers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM
torch.manual_seed(20261125)
V = 24
model = LlamaForCausalLM(LlamaConfig(vocab_size=V, hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=1, num_key_value_heads=1))
cases = []
settings = [
    dict(), dict(temperature=0.7), dict(temperature=1.7), dict(top_k=5), dict(top_p=0.8), dict(min_p=0.1), dict(repetition_penalty=1.3),
    dict(repetition_penalty=0.8), dict(temperature=0.6, top_k=10, top_p=0.9), dict(temperature=1.5, min_p=0.2),
    dict(temperature=2.0, top_k=12, top_p=0.95, min_p=0.15, repetition_penalty=1.2), dict(top_k=3, top_p=0.5), dict(top_p=0.6, min_p=0.3),
    dict(temperature=0.8, top_k=40, top_p=0.95, min_p=0.05, repetition_penalty=1.1),
]
for s in settings:
    logits = (torch.randn(V, dtype=torch.float64) * 2).float()
    prompt = torch.randint(0, V, (7,)).tolist()
    full = dict(temperature=1.0, top_k=0, top_p=1.0, min_p=None, repetition_penalty=1.0); full.update(s)
    config = GenerationConfig(do_sample=True, **full)
    processors = model._get_logits_processor(generation_config=config, input_ids_seq_length=len(prompt), encoder_input_ids=None, prefix_allowed_tokens_fn=None, logits_processor=[])
    scores = processors(torch.tensor([prompt]), logits[None].clone())
    p = torch.softmax(scores.double(), -1)[0]
    cases.append(dict(temperature=full["temperature"], top_k=full["top_k"], top_p=full["top_p"], min_p=full["min_p"] or 0.0, repetition_penalty=full["repetition_penalty"],
        prompt=prompt, logits=[float(x) for x in logits], probabilities=[round(float(x), 9) for x in p]))
    print(s, [type(q).__name__ for q in processors], int((p > 0).sum()))
json.dump(dict(made_with=f"transformers {transformers.__version__}", cases=cases), open("src/test/resources/generate/sampling.json", "w"))
