/** Logistic regression in plain JavaScript; its settings are environment variables; accuracy and loss on one line. */
const rate = Number(process.env.STEEPEST_LR ?? 0.5);
let state = 1 + Number(process.env.STEEPEST_SEED ?? 0) * 7919;
const random = () => (state = (state * 48271) % 2147483647) / 2147483647;
const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
const truth = [2, -1, 0.5, 3, -2, 0, 1, -0.5];
const weights = truth.map(() => 0);
for (let step = 0; step < 1500; step++) {
  let [loss, right] = [0, 0];
  const slope = weights.map(() => 0);
  for (let i = 0; i < 16; i++) {
    const x = truth.map(() => normal());
    const y = x.reduce((a, v, k) => a + v * truth[k], 0.5 * normal()) > 0 ? 1 : 0;
    const z = x.reduce((a, v, k) => a + v * weights[k], 0);
    const p = 1 / (1 + Math.exp(-z));
    loss += Math.log1p(Math.exp(-Math.abs(z))) + Math.max(z, 0) - z * y;
    right += p > 0.5 === (y === 1) ? 1 : 0;
    x.forEach((v, k) => (slope[k] += ((p - y) * v) / 16));
  }
  slope.forEach((g, k) => (weights[k] -= rate * g));
  if (step % 10 === 9)
    console.log(`iter ${step + 1}: accuracy ${(right / 16).toFixed(3)}, log loss ${(loss / 16).toFixed(5)}`);
}
