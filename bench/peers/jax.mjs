/** jax-js, on its WebAssembly backend unless told otherwise: each training step one `jit`, Adam written in its own operations. */
import {
  blockUntilReady,
  defaultDevice,
  init,
  jit,
  lax,
  nn,
  numpy as np,
  tree,
  valueAndGrad,
} from "@jax-js/jax";
import { allowRelaxedSimd, numbers, option, perStep, ramp, record, serve, workload } from "./protocol.mjs";

const device = option ?? "wasm";
allowRelaxedSimd();
await init(device);
defaultDevice(device);

const load = (name, ...shape) => np.array(numbers(name), { shape });
const zerosLike = (a) => np.zeros(a.shape, { dtype: np.float32 });
const oneHot = (labels, classes) => {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, i) => {
    rows[i * classes + label] = 1;
  });
  return np.array(rows, { shape: [labels.length, classes] });
};

/** One Adam update of a list of tensors; `decay` takes lr·decay off the weights apart from the gradient. */
function adam(
  params,
  grads,
  ms,
  vs,
  count,
  lr,
  { decay = 0, betas: [b1, b2] = [0.9, 0.999], eps = 1e-8 } = {},
) {
  const t = count.add(1);
  const scaleM = np.reciprocal(np.subtract(1, np.power(b1, t.ref)));
  const scaleRootV = np.sqrt(np.reciprocal(np.subtract(1, np.power(b2, t.ref))));
  const next = { params: [], ms: [], vs: [] };
  params.forEach((p, i) => {
    const m = ms[i].mul(b1).add(grads[i].ref.mul(1 - b1));
    const v = vs[i].mul(b2).add(grads[i].ref.mul(grads[i]).mul(1 - b2));
    const root = np.sqrt(v.ref).mul(scaleRootV.ref).add(eps);
    const update = m.ref.mul(scaleM.ref).div(root).mul(lr);
    next.params.push((decay > 0 ? p.mul(1 - lr * decay) : p).sub(update));
    next.ms.push(m);
    next.vs.push(v);
  });
  scaleM.dispose();
  scaleRootV.dispose();
  return [next.params, next.ms, next.vs, t];
}

/** Adam steps of a loss over `data`: twenty checked, then as many as there is time for. */
async function training(loss, params, data, update) {
  const step = jit((params, ms, vs, t, ...data) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), ...data);
    return [value, ...update(params, grads, ms, vs, t)];
  });
  let [ms, vs, t, value] = [params.map(zerosLike), params.map(zerosLike), np.array(0)];
  const next = async () => {
    value?.dispose();
    [value, params, ms, vs, t] = step(params, ms, vs, t, ...data.map((d) => d.ref));
    await blockUntilReady([value, ...params]);
  };
  for (let i = 0; i < 20; i++) await next();
  const check = { "loss after 20": (await value.ref.data())[0] };
  return { check, measure: async (seconds) => ({ step: await perStep(next, seconds) }) };
}

/** AdamW after a clip of the gradient's norm. */
const clipped =
  (norm, lr) =>
  (params, grads, ...state) => {
    const squares = grads.map((g) => g.ref.mul(g.ref).sum()).reduce((a, b) => a.add(b));
    const factor = np.minimum(np.reciprocal(np.sqrt(squares).add(1e-6)).mul(norm), 1);
    const scaled = grads.map((g) => g.mul(factor.ref));
    factor.dispose();
    return adam(params, scaled, ...state, lr, { decay: 0.01 });
  };

async function w1() {
  const [X, y] = [load("w1_X", 1000, 3), load("w1_y", 1000, 1)];
  const smallest = 1e-37;
  // not nn.sigmoid: its gradient is NaN for logits below −100, which this data has
  const loss = ([w, b], X, y) => {
    const p = np.tanh(np.dot(X, w).add(b).mul(0.5)).add(1).mul(0.5);
    const yes = np.log(np.maximum(p.ref, smallest));
    const no = np.log(np.maximum(np.subtract(1, p), smallest));
    return y.ref.mul(yes).add(np.subtract(1, y).mul(no)).mean().mul(-1);
  };
  const sgdStep = jit((params, X, y) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), X, y);
    return [value, params.map((p, i) => p.sub(grads[i].mul(1e-3)))];
  });
  const adamStep = jit((params, ms, vs, t, X, y) => {
    const [value, grads] = valueAndGrad(loss)(tree.ref(params), X, y);
    return [value, ...adam(params, grads, ms, vs, t, 1e-2)];
  });
  const train = async (which) => {
    let params = [load("w1_w", 3, 1), load("w1_b", 1)];
    let [ms, vs, t] = [params.map(zerosLike), params.map(zerosLike), np.array(0)];
    const history = [];
    for (let i = 0; i < 500; i++) {
      let value;
      if (which === "sgd") [value, params] = sgdStep(params, X.ref, y.ref);
      else [value, params, ms, vs, t] = adamStep(params, ms, vs, t, X.ref, y.ref);
      history.push((await value.data())[0]);
    }
    return history[499];
  };
  const check = { "SGD loss": await train("sgd"), "Adam loss": await train("adam") };
  return {
    check,
    measure: async (seconds) => ({
      sgd: await perStep(() => train("sgd"), seconds / 2),
      adam: await perStep(() => train("adam"), seconds / 2),
    }),
  };
}

function mlp(batch) {
  const X = np.array(numbers("w2_X").slice(0, batch * 784), { shape: [batch, 784] });
  const Y = oneHot(numbers("w2_y").slice(0, batch), 10);
  const sizes = [784, 256, 128, 10];
  const params = [0, 1, 2].flatMap((i) => [
    load(`w2_w${i}`, sizes[i], sizes[i + 1]),
    load(`w2_b${i}`, sizes[i + 1]),
  ]);
  const loss = (params, X, Y) => {
    let h = X;
    for (let i = 0; i < 3; i++) {
      h = np.dot(h, params[2 * i]).add(params[2 * i + 1]);
      if (i < 2) h = nn.relu(h);
    }
    return nn
      .logSoftmax(h)
      .mul(Y)
      .sum()
      .mul(-1 / batch);
  };
  return training(loss, params, [X, Y], (...state) => adam(...state, 1e-3));
}

/** T tokens, V characters, width d, L blocks, batch B, H heads. */
function transformer(files, [T, V, d, L, B, H]) {
  const flat = numbers(`${files}_params`);
  const place = {};
  const params = [];
  let at = 0;
  for (const [name, shape] of record(`${files}_meta`)) {
    const size = shape.reduce((a, b) => a * b, 1);
    place[name] = params.length;
    params.push(np.array(flat.slice(at, at + size), { shape }));
    at += size;
  }
  const hidden = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
  const norm = (x, gain, bias) => {
    const centred = x.sub(x.ref.mean(-1, { keepdims: true }));
    const variance = centred.ref.mul(centred.ref).mean(-1, { keepdims: true });
    return centred
      .mul(np.reciprocal(np.sqrt(variance.add(1e-5))))
      .mul(gain)
      .add(bias);
  };
  const gelu = (x) => {
    const cube = x.ref.mul(x.ref).mul(x.ref).mul(0.044715);
    const inner = x.ref.add(cube).mul(Math.sqrt(2 / Math.PI));
    return x.mul(0.5).mul(np.tanh(inner).add(1));
  };
  const loss = (params, X, Y, mask) => {
    const p = (name) => params[place[name]];
    const affine = (x, w, b) => np.dot(x, p(w)).add(p(b));
    let x = np
      .dot(X, p("tok"))
      .reshape([B, T, d])
      .add(p("pos"))
      .reshape([B * T, d]);
    for (let l = 0; l < L; l++) {
      const normed = norm(x.ref, p(`ln1g${l}`), p(`ln1b${l}`));
      const qkv = affine(normed, `wqkv${l}`, `bqkv${l}`)
        .reshape([B, T, 3, H, d / H])
        .transpose([2, 0, 3, 1, 4]);
      const [q, k, v] = np.split(qkv, 3, 0).map((a) => a.reshape([B, H, T, d / H]));
      const seen = l === L - 1 ? mask : mask.ref;
      const scores = np
        .matmul(q, k.transpose([0, 1, 3, 2]))
        .mul(1 / Math.sqrt(d / H))
        .add(seen);
      const mixed = np
        .matmul(nn.softmax(scores), v)
        .transpose([0, 2, 1, 3])
        .reshape([B * T, d]);
      x = x.add(affine(mixed, `wo${l}`, `bo${l}`));
      const again = norm(x.ref, p(`ln2g${l}`), p(`ln2b${l}`));
      x = x.add(affine(gelu(affine(again, `w1${l}`, `b1${l}`)), `w2${l}`, `b2${l}`));
    }
    const logits = affine(norm(x, p("lnfg"), p("lnfb")), "head", "hb");
    return nn
      .logSoftmax(logits)
      .mul(Y)
      .sum()
      .mul(-1 / (B * T));
  };
  const data = [
    oneHot(numbers(`${files}_ids`), V),
    oneHot(numbers(`${files}_tgt`), V),
    np.array(hidden, { shape: [T, T] }),
  ];
  return training(loss, params, data, clipped(1, 3e-4));
}

/** W6's first network: convolutions of 3×3 pixels, each halved by the largest of 2×2. */
function cnn(batch) {
  const sizes = {
    "0.weight": [16, 1, 3, 3],
    "3.weight": [32, 16, 3, 3],
    "7.weight": [64, 1568],
    "9.weight": [10, 64],
  };
  const params = Object.entries(sizes).flatMap(([name, shape]) => [
    load(`cnn_${name}`, ...shape),
    np.zeros([shape[0]]),
  ]);
  const X = np.array(numbers("w6_X").slice(0, batch * 784), { shape: [batch, 1, 28, 28] });
  const Y = oneHot(numbers("w6_y").slice(0, batch), 10);
  const half = (x, channels, side) => x.reshape([batch, channels, side / 2, 2, side / 2, 2]).max([3, 5]);
  const block = (x, w, b, [channels, side]) => {
    const seen = lax.conv(x, w, [1, 1], "SAME").add(b.reshape([1, channels, 1, 1]));
    return half(nn.relu(seen), channels, side);
  };
  const loss = ([w0, b0, w1, b1, w2, b2, w3, b3], X, Y) => {
    const seen = block(block(X, w0, b0, [16, 28]), w1, b1, [32, 14]).reshape([batch, 1568]);
    const h = nn.relu(np.dot(seen, w2.transpose()).add(b2));
    return nn
      .logSoftmax(np.dot(h, w3.transpose()).add(b3))
      .mul(Y)
      .sum()
      .mul(-1 / batch);
  };
  return training(loss, params, [X, Y], clipped(5, 1e-3));
}

async function adamAlone() {
  const size = 10_000_000;
  let params = [np.array(new Float32Array(size).fill(1))];
  const grad = np.array(ramp(size));
  let [ms, vs, t] = [params.map(zerosLike), params.map(zerosLike), np.array(0)];
  const update = jit((params, grad, ms, vs, t) => adam(params, [grad], ms, vs, t, 1e-3));
  const step = async () => {
    [params, ms, vs, t] = update(params, grad.ref, ms, vs, t);
    await blockUntilReady(params);
  };
  for (let i = 0; i < 5; i++) await step();
  const check = { "p[1] after 5": (await params[0].ref.data())[1] };
  return { check, measure: async (seconds) => ({ step: await perStep(step, seconds) }) };
}

async function product() {
  const [a, b] = [load("w5_a", 1024, 1024), load("w5_b", 1024, 1024)];
  const multiply = jit((a, b) => np.matmul(a, b));
  await blockUntilReady([a, b]);
  const values = await multiply(a.ref, b.ref).data();
  const step = async () => {
    const c = multiply(a.ref, b.ref);
    await c.blockUntilReady();
    c.dispose();
  };
  for (let i = 0; i < 5; i++) await step();
  return {
    check: { "c[3, 5]": values[3 * 1024 + 5] },
    measure: async (s) => ({ product: await perStep(step, s) }),
  };
}

const prepare = {
  w1,
  "w1-cold": async () => ({ check: (await w1()).check }),
  "w2-64": () => mlp(64),
  "w2-512": () => mlp(512),
  w3: () => transformer("w3", [64, 65, 128, 2, 16, 4]),
  gpt: () => transformer("gpt", [64, 65, 256, 6, 2, 4]),
  "w6-64": () => cnn(64),
  w4: adamAlone,
  w5: product,
};
await serve(await prepare[workload]());
