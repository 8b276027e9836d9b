/** TensorFlow.js on its WebAssembly backend (one thread: its threaded build does not start in Node). */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { folder, numbers, perStep, ramp, serve, workload } from "./protocol.mjs";

const require = createRequire(import.meta.url);
const tf = require("@tensorflow/tfjs");
const wasm = require("@tensorflow/tfjs-backend-wasm");
wasm.setWasmPaths(`${dirname(require.resolve("@tensorflow/tfjs-backend-wasm"))}/`);
await tf.setBackend("wasm");
await tf.ready();
if (tf.getBackend() !== "wasm") throw new Error(`TF.js chose the backend ${tf.getBackend()}`);

const load = (name, ...shape) => tf.tensor(numbers(name), shape, "float32");
const oneHot = (labels, classes) => tf.oneHot(tf.tensor1d(Array.from(labels), "int32"), classes).toFloat();
const adam = (lr) => tf.train.adam(lr, 0.9, 0.999, 1e-8);

/** Twenty checked steps, then as many as there is time for. `step` gives the loss. */
function training(step) {
  let last;
  const next = () => {
    last?.dispose();
    last = step();
  };
  for (let i = 0; i < 20; i++) next();
  const check = { "loss after 20": last.dataSync()[0] };
  return { check, measure: async (seconds) => ({ step: await perStep(next, seconds) }) };
}

function w1() {
  const [X, y] = [load("w1_X", 1000, 3), load("w1_y", 1000, 1)];
  const smallest = 1e-37;
  const train = (makeOptimizer) => {
    const [w, b] = [tf.variable(load("w1_w", 3, 1)), tf.variable(load("w1_b", 1))];
    const optimizer = makeOptimizer();
    const history = [];
    const loss = () => {
      const p = tf.sigmoid(X.matMul(w).add(b));
      const yes = y.mul(p.maximum(smallest).log());
      const no = tf.sub(1, y).mul(tf.sub(1, p).maximum(smallest).log());
      return yes.add(no).mean().neg();
    };
    for (let i = 0; i < 500; i++) {
      const value = optimizer.minimize(loss, true, [w, b]);
      history.push(value.dataSync()[0]);
      value.dispose();
    }
    w.dispose();
    b.dispose();
    optimizer.dispose();
    return history[499];
  };
  const sgd = () => train(() => tf.train.sgd(1e-3));
  const withAdam = () => train(() => adam(1e-2));
  const check = { "SGD loss": sgd(), "Adam loss": withAdam() };
  const measure = async (s) => ({ sgd: await perStep(sgd, s / 2), adam: await perStep(withAdam, s / 2) });
  return { check, measure };
}

function mlp(batch) {
  const X = tf.tensor(numbers("w2_X").slice(0, batch * 784), [batch, 784]);
  const Y = oneHot(numbers("w2_y").slice(0, batch), 10);
  const sizes = [784, 256, 128, 10];
  const params = [0, 1, 2].flatMap((i) =>
    [load(`w2_w${i}`, sizes[i], sizes[i + 1]), load(`w2_b${i}`, sizes[i + 1])].map((t) => tf.variable(t)),
  );
  const optimizer = adam(1e-3);
  const loss = () => {
    let h = X;
    for (let i = 0; i < 3; i++) {
      h = h.matMul(params[2 * i]).add(params[2 * i + 1]);
      if (i < 2) h = h.relu();
    }
    return tf.losses.softmaxCrossEntropy(Y, h);
  };
  return training(() => optimizer.minimize(loss, true, params));
}

function transformer() {
  const [T, V, d, L, B, H] = [64, 65, 128, 2, 16, 4];
  const flat = numbers("w3_params");
  const P = {};
  let at = 0;
  for (const [name, shape] of JSON.parse(readFileSync(join(folder, "w3_meta.json"), "utf8"))) {
    const size = shape.reduce((a, b) => a * b, 1);
    P[name] = tf.variable(tf.tensor(flat.slice(at, at + size), shape));
    at += size;
  }
  const hidden = Float32Array.from({ length: T * T }, (_, i) => (i % T > Math.floor(i / T) ? -1e9 : 0));
  const [X, Y, mask] = [
    oneHot(numbers("w3_ids"), V),
    oneHot(numbers("w3_tgt"), V),
    tf.tensor(hidden, [T, T]),
  ];
  const norm = (x, gain, bias) => {
    const centred = x.sub(x.mean(-1, true));
    return centred.div(centred.square().mean(-1, true).add(1e-5).sqrt()).mul(gain).add(bias);
  };
  const gelu = (x) => {
    const inner = x.add(x.mul(x).mul(x).mul(0.044715)).mul(Math.sqrt(2 / Math.PI));
    return tf.tanh(inner).add(1).mul(x.mul(0.5));
  };
  const affine = (x, w, b) => x.matMul(P[w]).add(P[b]);
  const loss = () => {
    let x = X.matMul(P.tok)
      .reshape([B, T, d])
      .add(P.pos)
      .reshape([B * T, d]);
    for (let l = 0; l < L; l++) {
      const normed = norm(x, P[`ln1g${l}`], P[`ln1b${l}`]);
      // TF.js transposes at most four axes fast
      const qkv = affine(normed, `wqkv${l}`, `bqkv${l}`).reshape([B, T, 3, d]).transpose([2, 0, 1, 3]);
      const [q, k, v] = tf.split(qkv, 3, 0).map((a) => a.reshape([B, T, H, d / H]).transpose([0, 2, 1, 3]));
      const scores = q
        .matMul(k, false, true)
        .mul(1 / Math.sqrt(d / H))
        .add(mask);
      const mixed = tf
        .softmax(scores)
        .matMul(v)
        .transpose([0, 2, 1, 3])
        .reshape([B * T, d]);
      x = x.add(affine(mixed, `wo${l}`, `bo${l}`));
      const again = norm(x, P[`ln2g${l}`], P[`ln2b${l}`]);
      x = x.add(affine(gelu(affine(again, `w1${l}`, `b1${l}`)), `w2${l}`, `b2${l}`));
    }
    return tf.losses.softmaxCrossEntropy(Y, affine(norm(x, P.lnfg, P.lnfb), "head", "hb"));
  };
  const variables = Object.values(P);
  const [lr, decay] = [3e-4, 0.01];
  const optimizer = adam(lr);
  return training(() => {
    const { value, grads } = tf.variableGrads(loss, variables);
    tf.tidy(() => {
      const squares = Object.values(grads)
        .map((g) => g.square().sum())
        .reduce((a, b) => a.add(b));
      const factor = tf.minimum(tf.div(1, squares.sqrt().add(1e-6)), 1);
      for (const v of variables) v.assign(v.mul(1 - lr * decay));
      optimizer.applyGradients(
        Object.fromEntries(Object.entries(grads).map(([name, g]) => [name, g.mul(factor)])),
      );
    });
    tf.dispose(grads);
    return value;
  });
}

function adamAlone() {
  const size = 10_000_000;
  const p = tf.variable(tf.ones([size]), true, "p");
  const g = tf.tensor1d(ramp(size));
  const optimizer = adam(1e-3);
  const step = () => tf.tidy(() => optimizer.applyGradients({ p: g }));
  for (let i = 0; i < 5; i++) step();
  const check = { "p[1] after 5": p.slice([1], [1]).dataSync()[0] };
  return { check, measure: async (seconds) => ({ step: await perStep(step, seconds) }) };
}

function product() {
  const [a, b] = [load("w5_a", 1024, 1024), load("w5_b", 1024, 1024)];
  const values = a.matMul(b).dataSync();
  const step = () => a.matMul(b).dispose();
  for (let i = 0; i < 5; i++) step();
  return {
    check: { "c[3, 5]": values[3 * 1024 + 5] },
    measure: async (s) => ({ product: await perStep(step, s) }),
  };
}

const prepare = {
  w1,
  "w1-cold": () => ({ check: w1().check }),
  "w2-64": () => mlp(64),
  "w2-512": () => mlp(512),
  w3: transformer,
  w4: adamAlone,
  w5: product,
};
await serve(prepare[workload]());
