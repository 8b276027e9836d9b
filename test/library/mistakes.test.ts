/**
 * Mistakes that people make in code, each with the message it gets: what is wrong, where, and the remedy. None is silent.
 * What the types refuse too stands in `mistakes-in-types.test.ts`; here the values are what JavaScript would pass.
 */
import { describe, expect, test } from "vitest";
import { losses, nn, ops, optim, SteepestError, train } from "../../src/index.ts";
import { makeSchedule } from "../../src/optim/schedules/index.ts";

type Any = ReturnType<typeof JSON.parse>;
const { mean, square, sub } = ops;

const parts = {
  model: nn.linear(3, 2) as Any,
  loss: (out: Any, { y }: Any): Any => losses.mse(out, y),
  optimizer: optim.sgd({ lr: 0.1 }) as Any,
  batch: { x: [4, 3], y: [4, 2] } as Any,
};
const x = new Float32Array(12);
const y = new Float32Array(8);
const step = (changed: object = {}): Any => train.trainStep({ ...parts, ...changed });
const classes = {
  loss: (out: Any, batch: Any): Any => losses.softmaxCrossEntropy(out, batch.y),
  batch: { x: [4, 3], y: { shape: [4], dtype: "int32" } },
};
const tokens = {
  model: nn.sequential(nn.embedding(5, 3), nn.linear(3, 2)),
  batch: { x: { shape: [4], dtype: "int32" }, y: [4, 2] },
};
const rows = [[0, 1, 2], [1, 2, 3], [2, 3, 4]]; // biome-ignore format: one line
const fit = (changed: object = {}): Any =>
  train.fit({
    model: nn.linear(3, 1),
    loss: "mse",
    optimizer: optim.sgd({ lr: 0.01 }),
    data: { x: rows, y: [0, 1, 2] },
    ...changed,
  } as Any);
const data = (changed: object): object => ({ data: { x: rows, y: [0, 1, 2], ...changed } });

interface Mistake {
  readonly does: string;
  readonly run: () => unknown;
  /** In the message. */
  readonly says: RegExp;
  /** In the remedy. */
  readonly help: RegExp;
}

const mistakes: readonly Mistake[] = [
  // the optimizer
  { does: "a string for an optimizer", run: () => step({ optimizer: "adam" }), says: /the optimizer is the text "adam", at optimizer/, help: /optim\.adamw\(\{ lr/ },
  { does: "an optimizer that was not called", run: () => step({ optimizer: optim.adam }), says: /function that was not called, at optimizer/, help: /call it/ },
  { does: "an empty record for an optimizer", run: () => step({ optimizer: {} }), says: /no init and update/, help: /give one of optim/ },
  { does: "a chain without a rate, which would ascend", run: () => step({ optimizer: optim.chain(optim.scaleBySign()) }), says: /no learning rate: its updates are added as they are/, help: /scaleByLr/ },
  { does: "a chain whose rate nobody gives", run: () => step({ optimizer: optim.chain(optim.scaleByLr()) })({ x, y }), says: /no learning rate: the step was called without one/, help: /schedule/ },
  { does: "parts with two rates, called without one", run: () => step({ optimizer: optim.partition({ a: optim.sgd({ lr: 1 }), b: optim.sgd({ lr: 2 }) }, (n) => (n === "bias" ? "a" : "b")) })({ x, y }), says: /no learning rate/, help: /give the transform an lr/ },
  { does: "a misspelt option", run: () => optim.adamw({ learningRate: 0.1 } as Any), says: /adamw has no option "learningRate"/, help: /options are/ },
  { does: "an option out of range", run: () => optim.adamw({ lr: -1 }), says: /adamw: lr is -1/, help: /give lr a number/ },
  { does: "a group that matches nothing, by pattern", run: () => step({ optimizer: optim.parameterGroups("sgd", { lr: 0.1 }, [{ match: /wieght/, options: { lr: 1 } }]) }), says: /no parameter matches \/wieght\//, help: /parameters are weight, bias/ },
  { does: "a group that matches nothing, by name", run: () => step({ optimizer: optim.masked(optim.sgd({ lr: 0.1 }), ["0.weight"]) }), says: /no parameter matches 0\.weight/, help: /weight, bias/ },
  { does: "a misspelt option in a group", run: () => optim.parameterGroups("sgd", { lr: 0.1 }, [{ match: /bias/, options: { momentun: 0.9 } }]), says: /momentun/, help: /momentum/ },
  { does: "an unknown optimizer by name", run: () => optim.parameterGroups("adamm", { lr: 0.1 }, []), says: /adamm/, help: /adam/ },
  { does: "an unknown schedule", run: () => makeSchedule("cosin", 0.1), says: /cosin/, help: /cosine/ },
  // the model
  { does: "a layer that was not called", run: () => nn.sequential(nn.linear(3, 2), nn.relu as Any), says: /layer 1 is a function that was not called/, help: /call it: nn\.relu\(\)/ },
  { does: "a model that was not called", run: () => step({ model: nn.linear }), says: /the model is a function that was not called/, help: /call it/ },
  { does: "no model", run: () => step({ model: undefined }), says: /the model is missing and no layer/, help: /nn\.sequential/ },
  { does: "a list of layers for a model", run: () => step({ model: [nn.linear(3, 2)] }), says: /the model is a list and no layer/, help: /nn\.sequential/ },
  { does: "layers that don't fit each other", run: () => step({ model: nn.sequential(nn.linear(3, 5), nn.sequential(nn.tanh(), nn.linear(4, 2))) }), says: /linear: it takes rows of 4 values, but gets \[4, 5\], in layer 1\.1, at .*mistakes\.test\.ts:\d+/, help: /linear\(5, 2\)/ },
  { does: "flat rows for a convolution", run: () => step({ model: nn.sequential(nn.conv2d(1, 2, 3)), batch: { x: [4, 9], y: [4, 2] } }), says: /conv2d: needs images.*in layer 0/, help: /unflatten/ },
  { does: "floats for an embedding", run: () => step({ model: nn.sequential(nn.embedding(5, 3)) }), says: /embedding: needs int32 indices, got float32, in layer 0/, help: /tokens/ },
  { does: "a size that is none", run: () => nn.linear(3, 0), says: /out must be a whole number of at least 1, not 0/, help: /^/ },
  { does: "a child that is not there", run: () => step({ model: nn.compose({ a: nn.linear(3, 2) }, (call, h) => call("b", h)) }), says: /no layer named b/, help: /layers are a/ },
  // the loss
  { does: "a loss that returns nothing", run: () => step({ loss: () => {} }), says: /a loss must be a tensor, not nothing/, help: /return an expression/ },
  { does: "a loss that returns a promise", run: () => step({ loss: async (out: Any, b: Any) => losses.mse(out, b.y) }), says: /a loss must be a tensor, not a promise/, help: /nothing to wait for/ },
  { does: "a loss that returns a number", run: () => step({ loss: () => 3 }), says: /a loss must be a tensor, not number 3/, help: /return an expression/ },
  { does: "a loss that is no scalar", run: () => step({ loss: (out: Any) => out }), says: /a loss is one number, but this one has shape \[4, 2\]/, help: /take its mean/ },
  { does: "a loss without the model", run: () => step({ loss: (_: Any, b: Any) => mean(square(b.y)) }), says: /does not depend on the model's parameters/, help: /first argument/ },
  { does: "a target of another shape", run: () => step({ batch: { x: [4, 3], y: [4, 1] } }), says: /output \[4, 2\] and the target \[4, 1\] differ/, help: /as many outputs/ },
  { does: "float labels for a loss of classes", run: () => step({ ...classes, batch: { x: [4, 3], y: [4] } }), says: /needs int32 labels \[4\], not float32 \[4\]/, help: /dtype int32/ },
  { does: "an input that nobody declares", run: () => step({ loss: (out: Any) => mean(square(sub(out, ops.input("extra", [4, 2]) as Any))) }), says: /reads the input "extra", which it does not declare/, help: /part of the batch/ },
  { does: "a measure that is no scalar", run: () => train.evalStep({ ...parts, measures: { error: (out: Any) => out } }), says: /the measure error is one number, but this one has shape \[4, 2\]/, help: /take its mean/ },
  { does: "a measure under a name that is taken", run: () => step({ measures: { gradNorm: parts.loss } }), says: /a measure is called gradNorm/, help: /another name/ },
  // the batch
  { does: "a batch without x", run: () => step({ batch: { features: [4, 3], y: [4, 2] } }), says: /the batch has no x/, help: /name the model's input x/ },
  { does: "a misspelt part of the batch", run: () => step()({ x, y, Y: y }), says: /no part named Y/, help: /did you mean "y"/ },
  { does: "an extra part of the batch", run: () => step()({ x, y, weights: y }), says: /no part named weights/, help: /parts are x, y/ },
  { does: "a missing part of the batch", run: () => step()({ x }), says: /the batch's y is \[4, 2\], got nothing/, help: /every part/ },
  { does: "a batch of another length", run: () => step()({ x: x.slice(1), y }), says: /the batch's x is \[4, 3\], got 11 values/, help: /every part/ },
  { does: "parts of different numbers of examples", run: () => step()({ x, y: y.slice(2) }), says: /the batch's y is \[4, 2\], got 6 values/, help: /same number of examples/ },
  { does: "nested lists in a batch", run: () => step()({ x: [[1, 2, 3]], y }), says: /got 1 values/, help: /rows\.flat\(\)/ },
  { does: "words in a batch", run: () => step()({ x: Array(12).fill("1"), y }), says: /the batch's x holds a string/, help: /give numbers/ },
  { does: "a label that is not whole", run: () => step(classes)({ x, y: [0, 1, 0.5, 1] }), says: /y holds 0\.5, but it takes whole numbers 0 to 1, in row 3/, help: /number classes/ },
  { does: "a label beyond the classes", run: () => step(classes)({ x, y: [0, 1, 0, 2] }), says: /y holds 2, but it takes whole numbers 0 to 1, in row 4/, help: /from 0/ },
  { does: "a negative label", run: () => step(classes)({ x, y: [-1, 1, 0, 1] }), says: /y holds -1/, help: /from 0/ },
  { does: "a token beyond the vocabulary", run: () => step(tokens)({ x: [0, 1, 5, 2], y }), says: /x holds 5, but it takes whole numbers 0 to 4/, help: /tokens from 0/ },
  { does: "features of another width, when predicting", run: () => train.predictStep({ model: nn.linear(3, 2), batch: { x: [4, 3] } })({ x: new Float32Array(10) }), says: /predictStep: the batch's x is \[4, 3\], got 10 values/, help: /every part/ },
  { does: "a list for a constant", run: () => ops.constant([1, 2] as Any), says: /constant: it takes a number, a Float32Array/, help: /Float32Array\.from/ },
  { does: "values that don't fill a shape", run: () => ops.constant(Float64Array.of(1, 2), { shape: [3] }), says: /2 values do not fill shape \[3\], at .*mistakes\.test\.ts/, help: /^/ },
  // fit
  { does: "a misspelt option of fit", run: () => fit({ epoch: 3 }), says: /no option "epoch"/, help: /did you mean "epochs"/ },
  { does: "fit without data", run: () => fit({ data: undefined }), says: /"data" is missing/, help: /give model, loss/ },
  { does: "epochs and steps at once", run: () => fit({ epochs: 1, steps: 1 }), says: /both epochs and steps/, help: /remove one/ },
  { does: "a batch size that is none", run: () => fit({ batchSize: 0 }), says: /batchSize is 0/, help: /greater than 0/ },
  { does: "a batch larger than the data", run: () => fit({ batchSize: 8 }), says: /8 rows is larger than the data, which has 3/, help: /at most 3/ },
  { does: "x and y of different length", run: () => fit(data({ y: [1, 2] })), says: /differ in their number of rows, at data/, help: /one target for each/ },
  { does: "rows of different length", run: () => fit(data({ x: [[1, 2, 3], [1, 2], [1, 2, 3]] })), says: /row 2 has 2 values, the first row 3, at data\.x/, help: /same number/ }, // biome-ignore format: one line
  { does: "a word among the features", run: () => fit(data({ x: [[1, 2, 3], [1, "2", 3], [1, 2, 3]] })), says: /row 2 holds "2", at data\.x/, help: /encode words/ },
  { does: "NaN among the features", run: () => fit(data({ x: [[1, 2, 3], [1, Number.NaN, 3], [1, 2, 3]] })), says: /row 2, column 2 is NaN/, help: /remove or fill/ },
  { does: "no data rows", run: () => fit({ data: { x: [], y: [] } }), says: /no data row|there is no/, help: /at least one/ },
  { does: "an example without y", run: () => fit({ data: [{ x: [1, 2, 3], y: 1 }, { x: [1, 2, 3] }] }), says: /example 2 has no y, but others have/, help: /to none/ },
  { does: "a shape that the values don't fill", run: () => fit(data({ x: { values: x, shape: [3, 3] } })), says: /12 values do not fill the shape \[3, 3\]/, help: /examples/ },
  { does: "an unknown loss", run: () => fit({ loss: "mean-squared" }), says: /mean-squared/, help: /./ },
  { does: "a loss of classes for real targets", run: () => fit({ loss: "softmax-cross-entropy", ...data({ y: [0.5, 1, 2] }) }), says: /row 1 has label 0\.5/, help: /number the classes from 0/ },
  { does: "a model with too few outputs", run: () => fit({ model: nn.linear(3, 2) }), says: /output \[3, 2\] and the target \[3\]/, help: /outputs/ },
  { does: "an unknown measure", run: () => fit({ measures: ["acuracy"] }), says: /acuracy/, help: /./ },
  { does: "patience that is no whole number", run: () => fit({ patience: 0.5 }), says: /earlyStopping\.patience is 0\.5/, help: /whole number/ },
  { does: "a validation share of all", run: () => fit({ validation: 1 }), says: /validation is 1/, help: /less than 1/ },
]; // biome-ignore format: a mistake a line

test("the table holds fifty and more", () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(50);
  expect(new Set(mistakes.map((m) => m.does)).size).toBe(mistakes.length);
});

describe("each has a message with a remedy", () => {
  test.each(mistakes)("$does", async ({ run, says, help }) => {
    const thrown = await (async (): Promise<unknown> => run())().then(
      () => null,
      (error: unknown) => error,
    );
    expect(thrown).toBeInstanceOf(SteepestError);
    const { message, help: remedy = "" } = thrown as SteepestError;
    expect(message).toMatch(says);
    expect(remedy).toMatch(help);
  });
});

test("a Float64Array stays float64, and a number float32", () => {
  expect(ops.constant(Float64Array.of(1, 2)).dtype).toBe("float64");
  expect(ops.constant(Int32Array.of(1, 2)).dtype).toBe("int32");
  expect(ops.constant(1).dtype).toBe("float32");
  expect(ops.constant(Float64Array.of(1), { dtype: "float32" }).dtype).toBe("float32");
});
