// A linear model with more features than rows, as people write it: losses now and then, the validation loss after each epoch.
// High rates learn the noise of the training rows within the run; low ones stop before. node overfits.mjs --lr 0.01 --seed 0
const flag = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const lr = flag("lr", 0.01);
let state = 12345;
const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
const [features, batch, epochs] = [60, 10, 40];
const truth = Array.from({ length: features }, (_, j) => (j < 3 ? 1 : 0));
const rowsOf = (count) =>
  Array.from({ length: count }, () => {
    const x = Array.from({ length: features }, normal);
    return { x, y: x.reduce((sum, v, j) => sum + v * truth[j], 0) + 1.5 * normal() };
  });
const train = rowsOf(50);
const validation = rowsOf(400);
const weights = new Array(features).fill(0);
const error = ({ x, y }) => x.reduce((sum, v, j) => sum + v * weights[j], -y);
const mse = (rows) => rows.reduce((sum, row) => sum + error(row) ** 2, 0) / rows.length;
state = 777 + flag("seed", 0);
let step = 0;
for (let epoch = 1; epoch <= epochs; epoch++) {
  for (let b = 0; b < train.length / batch; b++) {
    const rows = Array.from({ length: batch }, () => train[Math.floor(uniform() * train.length)]);
    const errors = rows.map(error);
    const loss = errors.reduce((sum, e) => sum + e * e, 0) / batch;
    for (let j = 0; j < features; j++)
      weights[j] -= (lr * 2 * rows.reduce((sum, { x }, i) => sum + errors[i] * x[j], 0)) / batch;
    step++;
    console.log(`step ${step}  loss ${loss.toFixed(4)}`);
  }
  console.log(`epoch ${epoch} done, validation loss ${mse(validation).toFixed(4)}`);
}
