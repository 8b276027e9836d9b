import { describe, expect, test } from "vitest";
import { SteepestError } from "../../run/errors.ts";
import { findBlas, worthBlas } from "./blas-library.ts";

const { library, reason } = findBlas({ setting: "" });
if (library === null) console.warn(`BLAS tests skipped: ${reason}`);

test.runIf(process.env["CI"] === "true")("a BLAS library is found where tests run for the record", () => {
  expect(library, reason).not.toBeNull();
});

describe.skipIf(library === null)("products on WebAssembly memory", () => {
  for (const dtype of ["float32", "float64"] as const) {
    test(`${dtype}: all transposes and padded rows agree with the triple loop, nothing is written beside C`, () => {
      const memory = new WebAssembly.Memory({ initial: 4, maximum: 4 });
      const ArrayOf = dtype === "float32" ? Float32Array : Float64Array;
      const all = new ArrayOf(memory.buffer);
      const bind = dtype === "float32" ? library!.sgemm : library!.dgemm;
      const bytes = ArrayOf.BYTES_PER_ELEMENT;
      for (const [m, n, k] of [[1, 1, 1], [4, 4, 4], [3, 7, 5], [17, 33, 20], [1, 9, 12], [9, 1, 12]] as const) {
        for (const transposeA of [false, true]) {
          for (const transposeB of [false, true]) {
            for (const pad of [0, 3]) {
              all.fill(99);
              const [lda, ldb, ldc] = [(transposeA ? m : k) + pad, (transposeB ? k : n) + pad, n + pad];
              const [a, b, c] = [8, 4096, 8192];
              const atA = (i: number, p: number): number => a + (transposeA ? p * lda + i : i * lda + p);
              const atB = (p: number, j: number): number => b + (transposeB ? j * ldb + p : p * ldb + j);
              for (let p = 0; p < k; p++) {
                for (let i = 0; i < m; i++) all[atA(i, p)] = Math.sin(i + 7 * p);
                for (let j = 0; j < n; j++) all[atB(p, j)] = Math.cos(j - 3 * p);
              }
              const run = bind({
                memory: memory.buffer, a: a * bytes, b: b * bytes, c: c * bytes, m, n, k,
                transposeA, transposeB, lda, ldb, ldc,
              }); // biome-ignore format: by matrix
              run();
              run();
              for (let i = 0; i < m; i++) {
                for (let j = 0; j < n; j++) {
                  let sum = 0;
                  for (let p = 0; p < k; p++) sum += all[atA(i, p)]! * all[atB(p, j)]!;
                  expect(Math.abs(all[c + i * ldc + j]! - sum)).toBeLessThan(dtype === "float32" ? 1e-5 : 1e-13);
                }
                for (let j = n; j < ldc; j++) expect(all[c + i * ldc + j]).toBe(99);
              }
              expect([all[c - 1], all[c + m * ldc]]).toEqual([99, 99]);
            }
          }
        }
      }
    }); // biome-ignore format: a list
  }

  test("the library is named, its path given, its threads one, and the search is made once", () => {
    expect(library!.path).not.toBe("");
    expect(library!.threads === 1 || library!.threads === null).toBe(true);
    expect(findBlas({ setting: "" }).library).toBe(library);
    expect(findBlas({ setting: library!.path }).library?.name).toBe(library!.name);
  });
});

test("STEEPEST_BLAS=off finds nothing and says so; a path that is no BLAS is refused with the remedy", () => {
  expect(findBlas({ setting: "off" })).toEqual({
    library: null,
    reason: expect.stringContaining("switched off"),
  });
  for (const path of ["/no/such/libopenblas.so", import.meta.filename]) {
    try {
      findBlas({ setting: path });
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(SteepestError);
      expect((error as SteepestError).message).toContain(path);
      expect((error as SteepestError).help).toContain("STEEPEST_BLAS=off");
    }
  }
});

test("small products and products with vectors stay in WebAssembly", () => {
  expect([worthBlas(4, 4, 4), worthBlas(1000, 1, 1000), worthBlas(1, 1000, 1000)]).toEqual([
    false,
    false,
    false,
  ]);
  expect([worthBlas(64, 256, 784), worthBlas(64, 10, 128)]).toEqual([true, true]);
});
