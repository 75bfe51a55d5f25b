"""Times PyTorch on the shapes that DeviceTimings times jalign on: peers.py --out FILE.jsonl [--quick | --tiny] [--groups LIST] [--device cpu]

Adds lines to FILE as DeviceTimings does; DeviceTimings --report prints both as ratios. A result is looked at before its
time counts. The DPO step is what TRL's trainer computes with precomputed reference log-probs: chosen and rejected of a
micro-batch concatenated and padded on the right to the longest, float32 masters cast to bfloat16 once a micro-batch,
causal FlashAttention through SDPA, logits of all positions, no checkpointing, fused AdamW; eager, without transformers.
A group that fails leaves its traceback, and the next begins.
"""
import argparse, datetime, hashlib, importlib.metadata, importlib.util, json, math, pathlib, platform, statistics, time, traceback
import torch
import torch._functorch.config
import torch.nn.functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

parser = argparse.ArgumentParser()
parser.add_argument("--out", required=True)
parser.add_argument("--quick", action="store_true")
parser.add_argument("--tiny", action="store_true")
parser.add_argument("--groups", default="launches,rows,attention,adamw,products,head,steps")
parser.add_argument("--device", default="cuda")
args = parser.parse_args()

TEXT = (pathlib.Path(__file__).parent / "shapes.json").read_bytes()
SHAPES = json.loads(TEXT)
MODE = "quick" if args.quick else "tiny" if args.tiny else "full"
M = SHAPES["modes"][MODE]
CUDA = args.device == "cuda"
BF16 = torch.bfloat16
BOUND = 8 * 2.0**-9  # not more than eight roundings to bfloat16 lie between what is read and a result
torch._functorch.config.donated_buffer = False  # a compiled backward pass is run more than once
torch.manual_seed(1)
torch.set_default_device(args.device)
out = open(args.out, "a")
wrong = 0


def write(line):
    out.write(json.dumps({"program": "peers", **line}) + "\n")
    out.flush()


def add(group, shape, what, how, seconds, error, bound=BOUND, **more):
    global wrong
    wrong += not error <= bound
    write({"group": group, "shape": shape, "pass": what, "how": how, "seconds": seconds, "error": error, "bound": bound, **more})
    print(f"{group} | {shape} | {what} | {how}: {seconds * 1e3:.4f} ms, error {error:.1e}{'' if error <= bound else ' WRONG'}", flush=True)


def sync():
    if CUDA:
        torch.cuda.synchronize()


def seconds(run):
    """One run, the median of blocks between two waits; run gets the number of the run."""
    def block(first, count):
        sync()
        began = time.perf_counter()
        for i in range(count):
            run(first + i)
        sync()
        return (time.perf_counter() - began) / count
    block(0, 1)
    count = int(min(max(M["block_seconds"] / block(0, 1), 1), 100_000))
    block(0, count)
    return statistics.median(block(i * count, count) for i in range(M["blocks"]))


def error(actual, expected):
    return ((actual.double() - expected.double()).norm() / expected.double().norm()).item()


def turns(nbytes):
    return min(max(math.ceil(M["cold_bytes"] / nbytes), 1), 16)


def normal(*shape, dtype=BF16, spread=1.0):
    return (torch.randn(*shape, dtype=torch.float32) * spread).to(dtype)


def free():
    if CUDA:
        torch.cuda.empty_cache()


def launches():
    x = torch.zeros(1)
    shape = "fill of one element"
    add("launches", shape, "launch", "torch", seconds(lambda i: x.fill_(3.0)), abs(x.item() - 3))
    host, done = 0.0, 0
    while done < M["launches"]:
        sync()
        count = min(500, M["launches"] - done)
        began = time.perf_counter()
        for _ in range(count):
            x.fill_(4.0)
        host += time.perf_counter() - began
        done += count
    add("launches", shape, "host", "torch", host / done, abs(x.item() - 4))
    if CUDA:
        count = min(500, M["launches"])
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            for _ in range(count):
                x.fill_(5.0)
        add("launches", shape, "replayed", "torch", seconds(lambda i: graph.replay()) / count, abs(x.item() - 5))


def add_norm(x, delta, w):
    total = x + delta
    return F.rms_norm(total, (total.shape[-1],), w, 1e-5), total


def swiglu(gate_up):
    gate, up = gate_up.chunk(2, -1)
    return F.silu(gate) * up


def rope(x, cos, sin):
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


def variants(function):
    return [("eager", function)] + ([("torch.compile", torch.compile(function))] if CUDA else [])


def rows():
    t = M["tokens"]
    for d in M["norm"]:
        n = turns(8 * t * d)
        x, delta, dout, dsum = (normal(n, t, d) for _ in range(4))
        w = normal(d)
        shape = f"{t} x {d}"
        ref_in = [(x[0].double() + delta[0].double()).requires_grad_(), w.double().requires_grad_()]
        ref = F.rms_norm(ref_in[0], (d,), ref_in[1], 1e-5)
        ref_dx = torch.autograd.grad(ref, ref_in, dout[0].double())[0] + dsum[0].double()
        for how, norm in variants(add_norm):
            with torch.no_grad():
                s = seconds(lambda i: norm(x[i % n], delta[i % n], w))
                add("norm", shape, "add and norm", how, s, error(norm(x[0], delta[0], w)[0], ref))
            # Through the norm alone: the residual's gradient is added, as jalign adds to dx.
            ins = [[x[i].clone().requires_grad_(), w.clone().requires_grad_()] for i in range(n)]
            outs = [norm(a, delta[i], b) for i, (a, b) in enumerate(ins)]
            def back(i):
                i %= n
                return torch.autograd.grad(outs[i], ins[i], (dout[i], dsum[i]), retain_graph=True)
            add("norm", shape, "backward", how, seconds(back), error(back(0)[0], ref_dx))
            del ins, outs
        free()
    for f in M["swiglu"]:
        n = turns(6 * t * f)
        gate_up, dout = normal(n, t, 2 * f), normal(n, t, f)
        shape = f"{t} x {f}"
        ref_in = gate_up[0].double().requires_grad_()
        ref = swiglu(ref_in)
        ref_dx, = torch.autograd.grad(ref, ref_in, dout[0].double())
        for how, act in variants(swiglu):
            with torch.no_grad():
                add("swiglu", shape, "forward", how, seconds(lambda i: act(gate_up[i % n])), error(act(gate_up[0]), ref))
            ins = [gate_up[i].clone().requires_grad_() for i in range(n)]
            outs = [act(a) for a in ins]
            def back(i):
                return torch.autograd.grad(outs[i % n], ins[i % n], dout[i % n], retain_graph=True)
            add("swiglu", shape, "backward", how, seconds(back), error(back(0)[0], ref_dx))
            del ins, outs
        del ref, ref_in, ref_dx
        free()
    for h, k, e in M["rope"]:
        n = turns(4 * t * (h + k) * e)
        x = normal(n, t, h + k, e)
        angles = torch.arange(t).double()[:, None] * 1e5 ** (-2.0 * torch.arange(e // 2).double() / e)
        cos, sin = (f(angles)[:, None, :] for f in (torch.cos, torch.sin))
        ref = rope(x[0].double(), cos, sin)
        cos, sin = cos.to(BF16), sin.to(BF16)
        for how, turn in variants(rope):
            with torch.no_grad():
                s = seconds(lambda i: turn(x[i % n], cos, sin))
                add("rope", f"{t} x {h}+{k} heads of {e}", "forward", how, s, error(turn(x[0], cos, sin), ref))
        free()


def sdpa(q, k, v):
    # FlashAttention knows no float32, which only the check of the DPO step takes
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION if q.dtype == BF16 else SDPBackend.MATH):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=q.shape[1] != k.shape[1])


def attention():
    ways = [("SDPA flash", sdpa)]
    if CUDA and importlib.util.find_spec("flash_attn"):
        from flash_attn import flash_attn_func
        ways.append(("flash_attn " + importlib.metadata.version("flash_attn"), lambda q, k, v: flash_attn_func(
            q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), causal=True).transpose(1, 2)))
    for h, kv, e in M["attention"]["heads"]:
        for t in M["attention"]["lengths"]:
            b = M["tokens"] // t
            # [B, heads, T, E] over memory that lies as a model's projections leave it
            q, k, v, dout = (normal(b, t, n, e).transpose(1, 2) for n in (h, kv, kv, h))
            ins = [x.requires_grad_() for x in (q, k, v)]
            # the last head of the last sequence in float32, its gradient too
            own = [x.detach()[-1, -1].float().requires_grad_() for x in ins]
            scores = own[0] @ own[1].T * e**-0.5
            ref = scores.masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), -math.inf).softmax(-1) @ own[2]
            ref_dq, = torch.autograd.grad(ref, own[0], dout[-1, -1].float())
            shape = f"{h}/{kv} heads of {e}, T {t}"
            for how, attend in ways:
                with torch.no_grad():
                    s = seconds(lambda i: attend(*ins))
                result = attend(*ins)
                add("attention", shape, "forward", how, s, error(result[-1, -1], ref))
                def back(i):
                    return torch.autograd.grad(result, ins, dout, retain_graph=True)
                add("attention", shape, "backward", how, seconds(back), error(back(0)[0][-1, -1], ref_dq))
                del result
            del scores, ref, ref_dq, own, ins
            free()


def adamw():
    n = M["adamw"]
    shape = f"{n} parameters"
    source, target = torch.ones(15 * n // 4), torch.empty(15 * n // 4)
    s = seconds(lambda i: target.copy_(source))
    add("adamw", shape, "update", "torch copy of as many bytes", s, error(target[-64:], source[-64:]))
    del source, target
    free()
    w = normal(n, dtype=torch.float32, spread=0.02)
    w.grad = normal(n, dtype=torch.float32, spread=0.1)
    before, copy = w[:64].double(), torch.empty(n, dtype=BF16)
    g = w.grad[:64].double()
    optimizer = torch.optim.AdamW([w.requires_grad_()], lr=1e-3, weight_decay=0.1, fused=True)
    optimizer.step()
    e = error(w.detach()[:64], before * (1 - 1e-4) - 1e-3 * g / (g.abs() + 1e-8))
    add("adamw", shape, "update", "fused AdamW", seconds(lambda i: optimizer.step()), e)
    def both(i):
        optimizer.step()
        copy.copy_(w.detach())
    s = seconds(both)
    add("adamw", shape, "update", "fused AdamW and bf16 copy", s, error(copy[-64:], w.detach()[-64:]))
    free()


def products():
    t = M["tokens"]
    for name in M["gemm"]:
        c = SHAPES["models"][name]
        d, f, e = c["hidden_size"], c["intermediate_size"], c["head_dim"]
        q, p = c["num_attention_heads"] * e, (c["num_attention_heads"] + 2 * c["num_key_value_heads"]) * e
        for part, n, k in (("qkv", p, d), ("o", d, q), ("gate and up", 2 * f, d), ("down", d, f)):
            x, dy, w = normal(t, k), normal(t, n), normal(n, k, spread=0.02)
            shape = f"{name} {part}, {t} x {n} x {k}"
            for what, a, b in (("forward", x, w.T), ("dx", dy, w), ("dw", dy.T, x)):
                ref = a[:4].float() @ b[:, :64].float()
                s = seconds(lambda i: torch.matmul(a, b))
                add("products", shape, what, "torch.matmul", s, error(torch.matmul(a, b)[:4, :64], ref))
            del x, dy, w
            free()


def peak(run):
    """Bytes that a run needs beside what is there before, and its result."""
    if not CUDA:
        return 0, run()
    sync()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    result = run()
    sync()
    return torch.cuda.max_memory_allocated() - before, result


def head():
    for d, vocabulary in M["head"]["sizes"]:
        for count in M["head"]["rows"]:
            h, w, norm = normal(count, d), normal(vocabulary, d, spread=0.02), torch.ones(d, dtype=BF16)
            targets = torch.arange(count) * 7919 % vocabulary
            g = torch.where(torch.arange(count) % 2 == 0, -1.0, 1.0) / count
            ins = [x.requires_grad_() for x in (h, w)]
            def full(i):
                logits = (F.rms_norm(h, (d,), norm, 1e-5) @ w.T).float()
                logp = logits.gather(1, targets[:, None])[:, 0] - logits.logsumexp(1)
                return torch.autograd.grad(logp, ins, g)
            def chunked(i, chunk=max(1, 2**28 // (4 * vocabulary))):
                x = F.rms_norm(h, (d,), norm, 1e-5)
                with torch.no_grad():
                    dx, dw = torch.empty_like(x), torch.zeros(vocabulary, d)
                    for at in range(0, count, chunk):
                        part = slice(at, at + chunk)
                        p = torch.softmax((x[part] @ w.T).float(), 1).mul_(-g[part, None])
                        p.scatter_add_(1, targets[part, None], g[part, None])
                        dlogits = p.to(BF16)
                        dx[part] = dlogits @ w
                        dw += dlogits.T @ x[part]
                return torch.autograd.grad(x, h, dx)[0], dw
            row = int(targets[-1])
            x = F.rms_norm(h.detach().double(), (d,), None, 1e-5)
            logits = x @ w.detach().double().T
            ref = ((targets == row).double() - logits.softmax(1)[:, row]) * g.double() @ x
            del logits
            free()
            for how, run in (("full logits", full), ("chunked", chunked)):
                memory, result = peak(lambda: run(0))
                e = error(result[1][row], ref)
                del result
                add("head", f"{count} rows, {d} x {vocabulary}", "forward and backward", how, seconds(run), e, memory=memory)
            free()


class Policy:
    """A Llama with float32 masters, its bfloat16 (or other) copy made once a forward pass; q, k, v and gate, up are one matrix each."""

    def __init__(self, c, dtype=BF16):
        self.c, self.dtype = c, dtype
        d, f, e = c["hidden_size"], c["intermediate_size"], c["head_dim"]
        self.h, self.kv, self.e = c["num_attention_heads"], c["num_key_value_heads"], e
        make = lambda *s: normal(*s, dtype=torch.float32, spread=0.02).requires_grad_()
        one = lambda: torch.ones(d).requires_grad_()
        self.embedding, self.norm = make(c["vocab_size"], d), one()
        self.layers = [(one(), make((self.h + 2 * self.kv) * e, d), make(d, self.h * e), one(), make(2 * f, d), make(d, f))
                       for _ in range(c["num_hidden_layers"])]

    def parameters(self):
        return [self.embedding, self.norm, *(p for layer in self.layers for p in layer)]

    def logps(self, ids, trained):
        """[S]: sums of log-probs of the tokens that trained marks, ids and trained [S, T]."""
        s, t = ids.shape
        angles = torch.arange(t).double()[:, None] * 1e5 ** (-2.0 * torch.arange(self.e // 2).double() / self.e)
        cos, sin = angles.cos().to(self.dtype), angles.sin().to(self.dtype)
        norm = lambda x, w: F.rms_norm(x, (x.shape[-1],), w.to(self.dtype), 1e-5)
        table = self.embedding.to(self.dtype)
        x = table[ids]
        for n1, qkv, o, n2, gate_up, down in self.layers:
            q, k, v = (F.linear(norm(x, n1), qkv.to(self.dtype)).view(s, t, -1, self.e).transpose(1, 2)
                       .split((self.h, self.kv, self.kv), 1))
            a = sdpa(rope(q, cos, sin), rope(k, cos, sin), v)
            x = x + F.linear(a.transpose(1, 2).reshape(s, t, -1), o.to(self.dtype))
            x = x + F.linear(swiglu(F.linear(norm(x, n2), gate_up.to(self.dtype))), down.to(self.dtype))
        logits = F.linear(norm(x, self.norm), table)[:, :-1].float()
        logp = logits.gather(2, ids[:, 1:, None])[..., 0] - logits.logsumexp(2)
        return (logp * trained[:, 1:]).sum(1)


def padded(pairs):
    """Chosen of all pairs, then rejected: ids [2B, T] and which are trained, filled up on the right."""
    sequences = [(p, a) for p, a, _ in pairs] + [(p, b) for p, _, b in pairs]
    length = max(len(p) + len(a) for p, a in sequences)
    ids = torch.zeros(len(sequences), length, dtype=torch.long)
    trained = torch.zeros(len(sequences), length)
    for i, (p, a) in enumerate(sequences):
        ids[i, :len(p) + len(a)] = torch.cat((p, a))
        trained[i, len(p):len(p) + len(a)] = 1
    return ids, trained


def dpo(logps, reference):
    chosen, rejected = (logps - reference).chunk(2)
    return -F.logsigmoid(0.1 * (chosen - rejected))


def tokens(lengths, vocabulary):
    generator = torch.Generator(args.device).manual_seed(1)
    return [tuple(torch.randint(vocabulary, (n,), generator=generator) for n in row) for row in lengths]


def plain_logps(policy, prompt, completion):
    """The sum for one sequence without padding, in float64, each formula written out."""
    ids = torch.cat((prompt, completion))
    t, e = len(ids), policy.e
    angles = torch.arange(t).double()[:, None] * 1e5 ** (-2.0 * torch.arange(e // 2).double() / e)
    norm = lambda x, w: x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * w.double()
    x = policy.embedding.double()[ids]
    for n1, qkv, o, n2, gate_up, down in policy.layers:
        y = (norm(x, n1) @ qkv.double().T).view(t, -1, e)
        heads = []
        for h in range(policy.h):
            k = policy.h + h // (policy.h // policy.kv)
            q, key = rope(y[:, h], angles.cos(), angles.sin()), rope(y[:, k], angles.cos(), angles.sin())
            scores = (q @ key.T / math.sqrt(e)).masked_fill(torch.ones(t, t, dtype=torch.bool).triu(1), -math.inf)
            heads.append(scores.softmax(-1) @ y[:, k + policy.kv])
        x = x + torch.cat(heads, 1) @ o.double().T
        gate, up = (norm(x, n2) @ gate_up.double().T).chunk(2, 1)
        x = x + (gate / (1 + (-gate).exp()) * up) @ down.double().T
    logp = torch.log_softmax(norm(x, policy.norm) @ policy.embedding.double().T, 1)
    return sum(logp[i - 1, ids[i]] for i in range(len(prompt), t))


def check_step():
    """The step's code in float32, on a tiny model and ragged pairs: loss and gradients against the plain formula."""
    policy = Policy(SHAPES["models"]["tiny"], torch.float32)
    pairs = tokens([[9, 7, 12], [5, 14, 3], [11, 1, 8]], 97)
    ids, trained = padded(pairs)
    reference = torch.linspace(-70, -20, 6)
    loss = dpo(policy.logps(ids, trained), reference).mean()
    grads = torch.autograd.grad(loss, policy.parameters())
    plain = torch.stack([plain_logps(policy, p, a) for p, a, _ in pairs] + [plain_logps(policy, p, b) for p, _, b in pairs])
    expected = dpo(plain, reference.double()).mean()
    expected_grads = torch.autograd.grad(expected, policy.parameters())
    worst = max(error(loss, expected), *(error(a, b) for a, b in zip(grads, expected_grads)))
    if not worst <= 1e-4:
        raise SystemExit(f"peers.py: the DPO step is {worst} away from the plain formula")
    print(f"the DPO step's loss and gradients are {worst:.1e} from the plain formula, the loss {error(loss, expected):.1e}")


def steps():
    check_step()
    s = M["steps"]
    fixed = [[s["prompt"], s["completion"], s["completion"]]] * s["pairs"]
    for name in s["models"]:
        for kind, lengths in ((f"{s['prompt']} + {s['completion']}", fixed), ("ragged", SHAPES["ragged"][s["ragged"]][:s["pairs"]])):
            shape, micro = f"{name}, {kind}", s["group"]
            while micro:
                free()
                try:
                    time_steps(shape, SHAPES["models"][name], lengths, micro, s["timed"])
                    break
                except torch.cuda.OutOfMemoryError:
                    micro //= 2
            else:
                write({"group": "steps", "shape": shape, "pass": "step", "how": "torch DPO step", "skipped": "out of memory"})


def time_steps(shape, c, lengths, micro, timed):
    """All pairs a step, in micro-batches of so many pairs (fewer than TRL's when they do not fit)."""
    if CUDA:
        torch.cuda.reset_peak_memory_stats()
    policy = Policy(c)
    pairs = tokens(lengths, c["vocab_size"])
    batches = [padded(pairs[i:i + micro]) for i in range(0, len(pairs), micro)]
    with torch.no_grad():
        references = [policy.logps(*batch) for batch in batches]
    optimizer = torch.optim.AdamW(policy.parameters(), lr=1e-5, weight_decay=0.01, fused=True)
    losses, times = [], []
    for _ in range(1 + timed):
        sync()
        began = time.perf_counter()
        total = 0
        for batch, reference in zip(batches, references):
            loss = dpo(policy.logps(*batch), reference).sum() / len(pairs)
            loss.backward()
            total = total + loss.detach()
        torch.nn.utils.clip_grad_norm_(policy.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(total.item())
        sync()
        times.append(time.perf_counter() - began)
    e = abs(losses[0] - math.log(2)) if losses[-1] < losses[0] else math.inf
    memory = torch.cuda.max_memory_allocated() if CUDA else 0
    add("steps", shape, "step", "torch DPO step", statistics.median(times[1:]), e, pairs=len(pairs), memory=memory, micro_batch=micro)


def driver():
    path = pathlib.Path("/proc/driver/nvidia/version")
    return path.read_text().split("\n")[0] if path.exists() else "none"


write({"mode": MODE, "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
       "device": torch.cuda.get_device_name() if CUDA else "cpu", "driver": driver(), "machine": platform.platform(),
       "torch": torch.__version__, "cuda": torch.version.cuda, "python": platform.python_version(),
       "flash_attn": importlib.metadata.version("flash_attn") if importlib.util.find_spec("flash_attn") else None,
       "shapes": hashlib.sha256(TEXT).hexdigest()})
for group in (launches, rows, attention, adamw, products, head, steps):
    if group.__name__ in args.groups.split(","):
        try:
            group()
        except Exception:
            wrong += 1
            traceback.print_exc()
        free()
raise SystemExit(1 if wrong else 0)
