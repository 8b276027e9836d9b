import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import koffi from "koffi";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { hasCompiler } from "../../../test/conformance/backends.ts";
import { reluOf } from "../../nn/activations.ts";
import { conv2d } from "../../nn/conv.ts";
import { maxPool2d } from "../../nn/pool.ts";
import { identity } from "../../optim/transforms/axes.ts";
import type { Executable, ProgramSpec } from "../backend.ts";
import { scalarTypes } from "../compile/writers/c/prelude.ts";
import { threadsRuntime } from "../compile/writers/c/threads-runtime.ts";
import * as ops from "../graph/index.ts";
import { type Expr, input } from "../graph/index.ts";
import { gradients } from "../rules/differentiate.ts";
import { cacheFolder, findCompiler, objectOf } from "./node-compiler.ts";
import { nativeBackend, nativeWhereItPays, threadCount } from "./node-native.ts";
import { wasm } from "./wasm.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "steepest-test-"));
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const objects = (): string[] => readdirSync(join(folder, "steepest/native")).filter((f) => f.endsWith(".so"));

/** Products, rows, columns, whole sums, convolutions, pooling and a function of a whole matrix, all big enough to be shared between threads. */
function work(): ProgramSpec {
  const x = input("x", [300, 200], "float32");
  const w = input("w", [200, 400], "float32");
  const y = ops.tanh(ops.matmul(x as Expr, w as Expr));
  const images = ops.reshape(x as Expr, [5, 12, 20, 50]);
  const weight = ops.reshape(ops.slice(w as Expr, [0, 0], [4, 324]), [12, 12, 3, 3]);
  const convolved = conv2d(12, 12, 3, { bias: false }).forward({ weight }, images, { training: true }).output;
  const pooled = maxPool2d(2).forward({}, reluOf(convolved), { training: true }).output;
  const [backImages, backWeight] = gradients(ops.sum(ops.square(pooled)), [images, weight]);
  // rows that are well apart: the diagonal is 1 … 100
  const unit = identity(100, "float32");
  const diagonal = ops.mul(unit, ops.add(ops.cast(ops.iota([100, 100], 0), "float32"), 1));
  const part = ops.slice(x as Expr, [0, 0], [100, 200]);
  const apart = ops.add(ops.matmul(part, part, { transposeB: true }), diagonal);
  const basis = ops.powerIteration(apart, unit, { when: ops.gt(ops.sum(diagonal), 0), otherwise: unit });
  return {
    inputs: [x, w],
    state: [],
    outputs: [
      { name: "basis", value: basis },
      { name: "rows", value: ops.softmax(y, -1) },
      { name: "columns", value: ops.sum(y, { axes: 0 }) },
      { name: "all", value: ops.sum(ops.square(y)) },
      { name: "convolved", value: convolved },
      { name: "back to images", value: backImages! },
      { name: "back to the weight", value: backWeight! },
    ],
  };
}

function run(program: Executable): number[] {
  for (const name of ["x", "w"]) {
    const view = program.view(name);
    for (let i = 0; i < view.length; i++) view[i] = Math.sin(i * 0.37 + (name === "x" ? 1 : 2)) / 10;
  }
  program.run();
  return work().outputs.flatMap(({ name }) => Array.from(program.view(name)));
}

describe.runIf(hasCompiler)("the native backend", () => {
  test("gives the same bits on 1, 2, 3 and 7 threads", () => {
    const [one, ...others] = [1, 2, 3, 7].map((threads) => run(nativeBackend({ threads }).compile(work())));
    for (const other of others) expect(other).toEqual(one);
  });

  test("agrees with WebAssembly to rounding", () => {
    const want = run(wasm.compile(work()));
    run(nativeBackend().compile(work())).forEach((v, i) =>
      expect(Math.abs(v - want[i]!)).toBeLessThan(1e-5 * Math.max(1, Math.abs(want[i]!))),
    );
  });

  test("keeps objects in a folder of the user's own, and takes them from there", () => {
    expect(nativeBackend().compile(work()).notes["cached"]).toBe("no");
    expect(nativeBackend().compile(work()).notes["cached"]).toBe("yes");
    expect(statSync(join(folder, "steepest/native")).mode & 0o777).toBe(0o700);
  });

  test("makes a damaged object anew", () => {
    const { compiler } = findCompiler();
    const source = "int answer(void) { return 42; }\n";
    const { path } = objectOf(compiler!, source, "-O2");
    const whole = readFileSync(path);
    for (const damaged of [whole.subarray(0, whole.length / 2), Buffer.alloc(0), Buffer.alloc(100, 7)]) {
      rmSync(path);
      writeFileSync(path, damaged);
      expect(objectOf(compiler!, source, "-O2")).toMatchObject({ path, cached: false });
      expect(readFileSync(path).length).toBe(whole.length);
    }
    expect(objects()).toHaveLength(1);
  });

  test("does without a cache that can't be written", () => {
    vi.stubEnv("XDG_CACHE_HOME", "/proc/none");
    expect(cacheFolder().shared).toBe(false);
    expect(run(nativeBackend().compile(work()))).toHaveLength(
      10_000 + 300 * 400 + 400 + 1 + 60_000 + 1296 + 5 * 12 * 18 * 48,
    );
  });

  test("takes a source the compiler refuses for what it is", () => {
    expect(() => objectOf(findCompiler().compiler!, "int f( {", "-O2")).toThrow(/failed: .*error/);
    expect(objects()).toEqual([]);
  });

  test("gives the work to WebAssembly when the compiler fails, and says so once", () => {
    const broken = join(folder, "cc");
    // answers what it is asked about itself, and refuses sources
    writeFileSync(
      broken,
      '#!/bin/sh\ncase "$*" in *-dM*) echo "#define __AVX2__ 1";; *) echo "error: out of order" >&2; exit 1;; esac\n',
    );
    chmodSync(broken, 0o755);
    vi.stubEnv("STEEPEST_CC", broken);
    const warned = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const backend = nativeWhereItPays(wasm);
    const runs = 1e6;
    expect(run(backend.compile(work(), { runs }))).toEqual(run(wasm.compile(work())));
    backend.compile(work(), { runs });
    expect(warned).toHaveBeenCalledOnce();
    expect(String(warned.mock.calls[0]![0])).toMatch(/out of order.*WebAssembly takes over/s);
    expect(backend.name).toBe("wasm");
    warned.mockRestore();
  });

  test.runIf(existsSync("/proc/self/maps"))(
    "keeps the code of its threads when the library is let go",
    () => {
      // at a process's end libraries are let go while threads still run in them
      const source = scalarTypes + threadsRuntime;
      const { path } = objectOf(findCompiler().compiler!, source, "-O2");
      const library = koffi.load(path);
      expect(library.func("set_threads", "int", ["int"])(3)).toBe(3);
      library.unload();
      expect(readFileSync("/proc/self/maps", "utf8")).toContain(path);
    },
  );

  test("is taken for long work and left for short", () => {
    const [long, short] = [nativeWhereItPays(wasm), nativeWhereItPays(wasm)];
    long.compile(work(), { runs: 1e6 });
    short.compile(work(), { runs: 1 });
    expect([long.name, short.name]).toEqual(["native", "wasm"]);
  });

  test("says what is missing", () => {
    vi.stubEnv("STEEPEST_CC", "off");
    expect(() => nativeBackend()).toThrow(/native code can't be made here: switched off by STEEPEST_CC=off/);
    vi.stubEnv("STEEPEST_CC", "/nowhere/cc");
    expect(() => nativeBackend()).toThrow(/\/nowhere\/cc: not found/);
    expect(() => threadCount("many")).toThrow(/STEEPEST_THREADS is "many"/);
  });

  const room = freemem() > 8e9;
  if (!room) console.warn("skipping a program of 5 GB: this machine has not 8 GB free");
  test.runIf(room)("works on more memory than WebAssembly can address", { timeout: 120_000 }, () => {
    const x = input("x", [1_300_000_000], "float32");
    const program = nativeBackend().compile({
      inputs: [x],
      state: [],
      outputs: [{ name: "largest", value: ops.amax(x as Expr) }],
    });
    expect(program.bytes).toBeGreaterThan(5e9);
    program.view("x")[1_299_999_999] = 5;
    program.run();
    expect(program.view("largest")[0]).toBe(5);
  });
});
