/** One small made log per format and per trap; what is expected is written out, not computed. */
import { describe, expect, test } from "vitest";
import { createReader } from "../../src/logs/index.ts";
import {
  bytesOf,
  concat,
  curves,
  eventOf,
  eventRecord,
  eventVersion,
  field,
  noteIds,
  raw,
  read,
  readInPieces,
  simpleScalar,
  tensorScalar,
  wandbFile,
  wandbHistory,
} from "./helpers.ts";

describe("event files", () => {
  test("simple values and every tensor form", async () => {
    const tensor = (dtype: number, ...rest: Uint8Array[]): Uint8Array =>
      concat(field.varint(1, dtype), field.bytes(2, new Uint8Array(0)), ...rest);
    const file = concat(
      eventVersion,
      simpleScalar(1, "train/loss", 2.5),
      tensorScalar(
        1,
        "content32",
        tensor(
          1,
          field.bytes(
            4,
            raw(4, (v) => v.setFloat32(0, 0.5, true)),
          ),
        ),
      ),
      tensorScalar(
        1,
        "content64",
        tensor(
          2,
          field.bytes(
            4,
            raw(8, (v) => v.setFloat64(0, 0.1, true)),
          ),
        ),
      ),
      tensorScalar(1, "float_val", tensor(1, field.float(5, -4))),
      tensorScalar(
        1,
        "packed",
        tensor(
          1,
          field.bytes(
            5,
            raw(4, (v) => v.setFloat32(0, 8, true)),
          ),
        ),
      ),
      tensorScalar(1, "double_val", tensor(2, field.double(6, 1e300))),
      tensorScalar(1, "half", tensor(19, field.varint(13, 0x3c00))),
      tensorScalar(1, "bfloat", tensor(14, field.varint(13, 0x3fc0))),
      tensorScalar(1, "two numbers", tensor(1, field.bytes(5, new Uint8Array(8)))),
      tensorScalar(1, "text", tensor(7, field.text(8, "hello"))),
      simpleScalar(2, "train/loss", Number.NaN),
    );
    const [log] = await read(file);
    expect(curves(log)).toEqual({
      "loss:train/loss": [
        [1, 2.5],
        [2, Number.NaN],
      ],
      "other:content32": [[1, 0.5]],
      "other:content64": [[1, 0.1]],
      "other:float_val": [[1, -4]],
      "other:packed": [[1, 8]],
      "other:double_val": [[1, 1e300]],
      "other:half": [[1, 1]],
      "other:bfloat": [[1, 1.5]],
    });
  });

  test("a plugin other than scalars is no curve", async () => {
    const hparams = concat(
      field.text(1, "_hparams_"),
      field.float(2, 3),
      field.bytes(8, concat(field.varint(1, 1), field.float(5, 3))),
      field.bytes(9, field.bytes(1, field.text(1, "hparams"))),
    );
    const only = field.bytes(8, concat(field.varint(1, 1), field.float(5, 3)));
    const pr = concat(field.text(1, "pr"), only, field.bytes(9, field.bytes(1, field.text(1, "pr_curves"))));
    const [log] = await read(
      concat(eventVersion, eventOf(1, hparams), eventOf(1, pr), simpleScalar(1, "loss", 1)),
    );
    expect(log!.series.map((s) => s.name)).not.toContain("pr");
  });

  test("a file cut inside a record is read up to the cut, and says so", async () => {
    const file = concat(eventVersion, simpleScalar(1, "loss", 2), simpleScalar(2, "loss", 1));
    const [log] = await read(file.subarray(0, file.length - 5));
    expect(curves(log)).toEqual({ "loss:loss": [[1, 2]] });
    expect(noteIds(log)).toContain("cut-record");
  });

  test("a record whose data fails its checksum is left out; one whose length does ends the reading", async () => {
    const parts = [1, 2, 3].map((step) => simpleScalar(step, "loss", step));
    const bad = concat(eventVersion, ...parts);
    bad[eventVersion.length + parts[0]!.length + 30]! ^= 1;
    const [log] = await read(bad);
    expect(curves(log)).toEqual({
      "loss:loss": [
        [1, 1],
        [3, 3],
      ],
    });
    expect(noteIds(log)).toContain("corrupt-record");
    const lost = concat(eventVersion, ...parts);
    lost[eventVersion.length + parts[0]!.length + 8]! ^= 1;
    const [short] = await read(lost);
    expect(curves(short)).toEqual({ "loss:loss": [[1, 1]] });
    expect(short!.notes.find((n) => n.id === "corrupt-record")!.text).toContain("reading stops");
  });

  test("a step beyond 2^32 and a record larger than a chunk", async () => {
    const big = eventRecord(concat(field.double(1, 1), field.bytes(4, new Uint8Array(100_000))));
    const file = concat(
      eventVersion,
      simpleScalar(2 ** 40, "loss", 1),
      big,
      simpleScalar(2 ** 40 + 1, "loss", 2),
    );
    expect(curves(readInPieces(file, 1000)[0])).toEqual({
      "loss:loss": [
        [2 ** 40, 1],
        [2 ** 40 + 1, 2],
      ],
    });
  });

  test("a run written again into the same file is a second run", async () => {
    const steps = [0, 1, 2, 0, 1];
    const file = concat(eventVersion, ...steps.map((step, i) => simpleScalar(step, "loss", i)));
    const logs = await read(file);
    expect(logs.map((log) => [log.run, curves(log)["loss:loss"]!.map(([s]) => s)])).toEqual([
      ["1 of 2", [0, 1, 2]],
      ["2 of 2", [0, 1]],
    ]);
    expect(noteIds(logs[1])).toContain("split-runs");
  });
});

describe("Hugging Face", () => {
  const state = (history: string): string =>
    `{"best_metric":null,"epoch":1.0,"global_step":30,"max_steps":30,"log_history":[${history}],"trial_name":null}`;

  test("train, eval and summary rows are told apart, bare NaN and all", async () => {
    const [log] = await read(
      state(`{"epoch":0.3,"grad_norm":NaN,"learning_rate":1e-4,"loss":1.5,"step":10},
        {"epoch":0.3,"eval_loss":1.4,"eval_runtime":2.5,"step":10},
        {"epoch":0.6,"grad_norm":Infinity,"learning_rate":2e-4,"loss":NaN,"step":20},
        {"epoch":1.0,"train_loss":1.1,"train_runtime":99.5,"step":30}`),
    );
    expect(log!.format).toBe("hf-trainer");
    expect(curves(log)).toMatchObject({
      "loss:loss": [
        [10, 1.5],
        [20, Number.NaN],
      ],
      "validation:eval_loss": [[10, 1.4]],
      "gradNorm:grad_norm": [
        [10, Number.NaN],
        [20, Number.POSITIVE_INFINITY],
      ],
    });
    expect(log!.series.map((s) => s.name)).not.toContain("train_loss");
    expect(log!.meta).toMatchObject({ max_steps: 30, train_loss: 1.1 });
  });

  test("a loss of exactly 0 beside a NaN gradient norm is a hidden NaN, kept verbatim", async () => {
    const row = (step: number, loss: number, norm: string): string =>
      `{"loss":${loss},"grad_norm":${norm},"learning_rate":1e-4,"step":${step}}`;
    const [log] = await read(state([row(10, 2, "1.5"), row(20, 0, "NaN"), row(30, 0, "NaN")].join(",")));
    expect(curves(log)["loss:loss"]).toEqual([
      [10, 2],
      [20, 0],
      [30, 0],
    ]);
    expect(noteIds(log)).toContain("hidden-nan");
    expect(log!.meta).toMatchObject({ hiddenNanCount: 2, hiddenNanFrom: 20 });
  });

  test("a loss that really is 0 hides nothing", async () => {
    const [log] = await read(
      state(`{"loss":0,"grad_norm":0.0,"step":1},{"loss":0.0,"grad_norm":0,"step":2}`),
    );
    expect(noteIds(log)).not.toContain("hidden-nan");
  });

  test("a document cut in the middle gives the rows before the cut", async () => {
    const [log] = await read(state(`{"loss":2,"step":1},{"loss":1,"step":2},{"loss":0.5,"st`).slice(0, -22));
    expect(curves(log)["loss:loss"]).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(noteIds(log)).toContain("cut-document");
  });

  test("console dictionaries have no step: rows are counted, the summary left out", async () => {
    const [log] = await read(
      [
        "  0%|          | 0/30 [00:00<?, ?it/s]",
        "{'loss': 1.58, 'grad_norm': 0.9, 'learning_rate': 1e-06, 'epoch': 0.01}",
        " 33%|███▎      | 10/30 [00:01<00:02,  9.5it/s]",
        "{'loss': 0.0, 'grad_norm': nan, 'learning_rate': 2e-06, 'epoch': 0.02}",
        "{'eval_loss': 1.2, 'eval_runtime': 3.1, 'epoch': 0.02}",
        "{'train_runtime': 12.3, 'train_loss': 0.79, 'epoch': 0.02}",
      ].join("\n"),
    );
    expect(log).toMatchObject({ format: "hf-trainer", stepUnit: "row" });
    expect(curves(log)).toMatchObject({
      "loss:loss": [
        [0, 1.58],
        [1, 0],
      ],
      "validation:eval_loss": [[1, 1.2]],
    });
    expect(noteIds(log)).toContain("hidden-nan");
  });
});

describe("tables", () => {
  test("Lightning: sparse step and epoch rows", async () => {
    const [log] = await read(
      "epoch,step,train_loss_epoch,train_loss_step,val_loss\n0,49,,7.5,\n0,99,,nan,\n0,99,4.75,,4.25\n1,149,,inf,\n",
    );
    expect(log).toMatchObject({ format: "lightning-csv", stepUnit: "step" });
    expect(curves(log)).toMatchObject({
      "loss:train_loss_step": [
        [49, 7.5],
        [99, Number.NaN],
        [149, Number.POSITIVE_INFINITY],
      ],
      "loss:train_loss_epoch": [[99, 4.75]],
      "validation:val_loss": [[99, 4.25]],
    });
  });

  test("Keras: epochs, NA, array cells, semicolons, old names", async () => {
    const [log] = await read(
      'epoch;acc;loss;lr;val_acc;val_loss\n0;0.5;1.5;0.1;NA;NA\n1;0.75;1;"[0.1, 0.2]";0.5;1.25\n',
    );
    expect(log).toMatchObject({ format: "keras-csv", stepUnit: "epoch" });
    expect(curves(log)).toMatchObject({
      "loss:loss": [
        [0, 1.5],
        [1, 1],
      ],
      "accuracy:acc": [
        [0, 0.5],
        [1, 0.75],
      ],
      "validation:val_loss": [[1, 1.25]],
      "validationAccuracy:val_acc": [[1, 0.5]],
    });
    expect(log!.series.map((s) => s.name)).toContain("lr[1]");
  });

  test("Keras with append: the second training is a second run", async () => {
    const logs = await read("epoch,loss\n0,3\n1,2\n2,1\n0,3.5\n1,2.5\n");
    expect(logs.map((log) => curves(log)["loss:loss"])).toEqual([
      [
        [0, 3],
        [1, 2],
        [2, 1],
      ],
      [
        [0, 3.5],
        [1, 2.5],
      ],
    ]);
  });

  test("W&B's chart export: one run per column, its minimum and maximum left out", async () => {
    const header =
      '"Step","fast - train/loss","fast - train/loss__MIN","fast - train/loss__MAX","slow - x - train/loss","slow - x - train/loss__MIN","slow - x - train/loss__MAX"';
    const logs = await read(`${header}\n"0","2.5","2","3","","",""\n"10","1.5","1","2","2.25","2","3"\n`);
    expect(logs.map((log) => [log.format, log.run, curves(log)])).toEqual([
      [
        "wandb-csv",
        "fast",
        {
          "loss:train/loss": [
            [0, 2.5],
            [10, 1.5],
          ],
        },
      ],
      ["wandb-csv", "slow - x", { "loss:train/loss": [[10, 2.25]] }],
    ]);
  });

  test("W&B's table of runs is refused with the reason", async () => {
    await expect(
      read('"Name","State","Runtime","lr","train/loss"\n"fast","finished","12","0.1","1.5"\n'),
    ).rejects.toMatchObject({
      id: "wandb-runs-table",
    });
  });

  test("TensorBoard's downloaded CSV does not name its tag: the value is taken for the loss, and it says so", async () => {
    const [log] = await read("Wall time,Step,Value\n1.7e9,10,2.5\n1.7e9,20,1.5\n");
    expect(curves(log)["loss:Value"]).toEqual([
      [10, 2.5],
      [20, 1.5],
    ]);
    expect(noteIds(log)).toContain("guessed-loss");
  });

  test("tabs, a remark above the header, quoted cells with delimiters and line ends", async () => {
    const [log] = await read('# made by hand\nstep\tnote\tloss\n1\t"a\tb\nc"\t0.5\n2\t\t0.25\n');
    expect(curves(log)["loss:loss"]).toEqual([
      [1, 0.5],
      [2, 0.25],
    ]);
  });

  test("a batch counter beside an epoch runs on", async () => {
    const [log] = await read("epoch,batch,loss\n0,0,4\n0,1,3\n1,0,2.5\n1,1,2\n");
    expect(curves(log)["loss:loss"]).toEqual([
      [0, 4],
      [1, 3],
      [2, 2.5],
      [3, 2],
    ]);
  });

  test("a batch counter that restarts without an epoch column is joined when the loss goes on", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i % 10},${(4 - i / 10).toFixed(2)}`);
    const logs = await read(`step,loss\n${rows.join("\n")}\n`);
    expect(logs).toHaveLength(1);
    expect(curves(logs[0])["loss:loss"]![39]).toEqual([39, 0.1]);
    expect(noteIds(logs[0])).toContain("joined-epochs");
  });

  test("three trainings appended stay three runs", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => `${i % 10},${4 - (i % 10) / 10}`);
    expect(await read(`step,loss\n${rows.join("\n")}\n`)).toHaveLength(3);
  });

  test("nan in most cells of a column, values after it: empty cells of a data frame", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${4 - i / 10},${i % 5 === 0 ? 3 : "nan"}`);
    const [log] = await read(`step,loss,val_loss\n${rows.join("\n")}\n`);
    expect(curves(log)["validation:val_loss"]).toHaveLength(8);
    expect(noteIds(log)).toContain("nan-as-blank");
  });

  test("NaN that stays is kept", async () => {
    const rows = Array.from({ length: 40 }, (_, i) => `${i},${i < 10 ? 2 : "nan"}`);
    const [log] = await read(`step,loss\n${rows.join("\n")}\n`);
    expect(curves(log)["loss:loss"]).toHaveLength(40);
  });

  test("unknown columns: refused with their names, read with --loss, --lr and --step", async () => {
    const table = "t,fehler,rate\n0,4,0.1\n10,3,0.2\n";
    await expect(read(table)).rejects.toMatchObject({
      id: "no-loss-column",
      help: expect.stringContaining("'fehler'"),
    });
    const [log] = await read(table, { loss: "Fehler", lr: "rate", step: "t" });
    expect(curves(log)).toEqual({
      "loss:fehler": [
        [0, 4],
        [10, 3],
      ],
      "lr:rate": [
        [0, 0.1],
        [10, 0.2],
      ],
    });
    await expect(read(table, { loss: "fehlr" })).rejects.toMatchObject({
      id: "unknown-series",
      help: expect.stringContaining("'fehler'"),
    });
  });

  test("a resume from a checkpoint goes back: a second run, and it says so", async () => {
    const rows = [...Array(30).keys(), ...Array.from({ length: 15 }, (_, i) => 20 + i)].map((s) => `${s},1`);
    const logs = await read(`step,loss\n${rows.join("\n")}\n`);
    expect(logs.map((log) => log.series[0]!.steps[0])).toEqual([0, 20]);
    expect(logs[1]!.notes.find((n) => n.id === "split-runs")!.text).toContain("checkpoint");
  });

  test("rows written late are sorted, not split", async () => {
    const logs = await read("step,loss\n1,1\n2,2\n4,4\n3,3\n5,5\n");
    expect(curves(logs[0])["loss:loss"]!.map(([s]) => s)).toEqual([1, 2, 3, 4, 5]);
    expect(noteIds(logs[0])).toContain("late-steps");
  });

  test("a gap and repeated steps are noted", async () => {
    const steps = [0, 1, 2, 3, 3, 4, 5, 6, 7, 8, 500, 501];
    const [log] = await read(`step,loss\n${steps.map((s, i) => `${s},${i}`).join("\n")}\n`);
    expect(noteIds(log)).toEqual(expect.arrayContaining(["gap", "duplicate-steps"]));
  });

  test("a last row that is cut", async () => {
    const [log] = await read("step,loss,lr\n0,2.5,0.1\n1,2.25,0.1\n2,2");
    expect(noteIds(log)).toContain("cut-line");
  });

  test("losses of any size and sign", async () => {
    const [log] = await read("step,loss\n0,1e25\n1,5e-11\n2,-3.5\n3,0\n4,-inf\n5,1e999\n");
    expect(curves(log)["loss:loss"]!.map(([, v]) => v)).toEqual([1e25, 5e-11, -3.5, 0, -Infinity, Infinity]);
  });
});

describe("JSON lines", () => {
  test("flat, nested, text numbers, bare NaN; null is missing and noted", async () => {
    const [log] = await read(
      '{"step": 1, "train": {"loss": 2.5}, "lr": "1e-05"}\n{"step": 2, "train": {"loss": NaN}, "lr": "2e-05"}\n{"step": 3, "train": {"loss": null}}\n',
    );
    expect(curves(log)).toEqual({
      "loss:train.loss": [
        [1, 2.5],
        [2, Number.NaN],
      ],
      "lr:lr": [
        [1, 1e-5],
        [2, 2e-5],
      ],
    });
    expect(noteIds(log)).toContain("null-loss");
  });

  test("steepest's own metrics", async () => {
    const [log] = await read(
      '{"schema":"steepest.metrics/1","name":"digits","batchSize":64}\n{"step":0,"loss":2.3,"lr":0.1,"gradNorm":1.5}\n{"step":1,"loss":2.2,"lr":0.1,"gradNorm":1.4,"validation":{"loss":2.25,"accuracy":0.5}}\n',
    );
    expect(log).toMatchObject({ format: "steepest", meta: { name: "digits", batchSize: 64 } });
    expect(log!.series.map((s) => `${s.role}:${s.name}`)).toEqual([
      "loss:loss",
      "lr:lr",
      "gradNorm:gradNorm",
      "validation:validation.loss",
      "validationAccuracy:validation.accuracy",
    ]);
  });

  test("a step key by name; one that is nowhere is refused, but not while the log still grows", async () => {
    const lines = '{"tick": 5, "loss": 2}\n{"tick": 6, "loss": 1}\n';
    const [log] = await read(lines, { step: "tick" });
    expect(curves(log)["loss:loss"]!.map(([s]) => s)).toEqual([5, 6]);
    await expect(read(lines, { step: "tock" })).rejects.toMatchObject({ id: "unknown-series" });
    const reader = createReader({ source: "made", loss: "late" });
    reader.push(bytesOf(lines));
    expect(reader.snapshot()).toHaveLength(1);
    reader.push(bytesOf('{"tick": 7, "late": 1}\n'));
    expect(curves(reader.end()[0])["loss:late"]).toHaveLength(1);
  });

  test("epoch rows are counted in epochs", async () => {
    const [log] = await read(
      '{"epoch":1,"train_loss":2,"val_loss":2.5}\n{"epoch":2,"train_loss":1,"val_loss":1.5}\n',
    );
    expect(log!.stepUnit).toBe("epoch");
    expect(curves(log)["validation:val_loss"]).toEqual([
      [1, 2.5],
      [2, 1.5],
    ]);
  });

  test("columns side by side, an array of rows, TensorBoard's download", async () => {
    const [columns] = await read('{"epoch": [1, 2, 3], "loss": [3, 2, 1],\n "val_loss": [3.5, 2.5, 1.5]}');
    expect(columns!.stepUnit).toBe("epoch");
    expect(curves(columns)["loss:loss"]).toEqual([
      [1, 3],
      [2, 2],
      [3, 1],
    ]);
    const [rows] = await read('[{"step": 5, "loss": 1},\n {"step": 6, "loss": 0.5}]');
    expect(curves(rows)["loss:loss"]).toEqual([
      [5, 1],
      [6, 0.5],
    ]);
    const [board] = await read("[[1.7e9, 10, 2.5], [1.7e9, 20, 1.5]]", { loss: "value" });
    expect(curves(board)["loss:value"]).toEqual([
      [10, 2.5],
      [20, 1.5],
    ]);
  });
});

describe("W&B's binary form", () => {
  test("history across blocks, NaN, nested values, a histogram left out", async () => {
    const filler = "x".repeat(40_000);
    const file = wandbFile([
      wandbHistory({ "train/loss": "2.5", lr: "0.1", _step: "0" }),
      wandbHistory({
        "train/loss": "NaN",
        hist: `{"_type":"histogram","values":[1,2]}`,
        _step: "1",
        note: `"${filler}"`,
      }),
      wandbHistory({ "train/loss": '"Infinity"', val: '{"loss": 1.5}', _step: "2" }),
    ]);
    const [log] = await read(file);
    expect(log!.format).toBe("wandb");
    expect(curves(log)).toEqual({
      "loss:train/loss": [
        [0, 2.5],
        [1, Number.NaN],
        [2, Number.POSITIVE_INFINITY],
      ],
      "lr:lr": [[0, 0.1]],
      "validation:val.loss": [[2, 1.5]],
    });
    expect(curves(readInPieces(file, 13)[0])).toEqual(curves(log));
  });

  test("a damaged record is left out and noted, a cut file read up to the cut", async () => {
    const file = wandbFile([0, 1, 2].map((i) => wandbHistory({ loss: `${3 - i}`, _step: `${i}` })));
    const cut = await read(file.subarray(0, file.length - 3));
    expect(curves(cut[0])["loss:loss"]).toHaveLength(2);
    expect(noteIds(cut[0])).toContain("cut-record");
    const damaged = file.slice();
    damaged[file.length - 4]! ^= 255;
    const [log] = await read(damaged);
    expect(curves(log)["loss:loss"]).toHaveLength(2);
    expect(noteIds(log)).toContain("corrupt-record");
  });
});

test("MLflow: a metric file with and without steps", async () => {
  const [log] = await read("1664364007310 0.75 0\n1664364007320 nan 1\n", {
    source: "mlruns/0/ab/metrics/train/loss",
  });
  expect(log!.format).toBe("mlflow");
  expect(curves(log)).toEqual({
    "loss:train/loss": [
      [0, 0.75],
      [1, Number.NaN],
    ],
  });
  const [old] = await read("1664364007310 0.75\n1664364007320 0.5\n", { source: "metrics/loss" });
  expect(curves(old)["loss:loss"]).toEqual([
    [0, 0.75],
    [1, 0.5],
  ]);
});

describe("what is no log is named", () => {
  test.each([
    ["", "empty-log"],
    [" \n\n", "empty-log"],
    ["version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 130\n", "git-lfs-pointer"],
    ["It was a dark and stormy night; the model had 7 layers.\n", "no-metrics"],
    ["PK\u0003\u0004 and so on", "not-a-log"],
    ['{"schema":"steepest.compare/1","runs":[{"lr":0.1,"loss":2},{"lr":1,"loss":1}]}', "not-a-log"],
    ['{\n  "schema": "steepest.find-lr/1",\n  "points": [{"loss": 2}, {"loss": 1}]\n}\n', "not-a-log"],
  ])("%j", async (text, id) => {
    await expect(read(text)).rejects.toMatchObject({
      name: "SteepestError",
      id,
      message: expect.stringContaining("made"),
    });
  });
});
