/** Node's V8 knows relaxed SIMD before it is on by default (Node 20): this switches it on. Elsewhere it does nothing. */
export function enableRelaxedSimd(): void {
  if (typeof process === "undefined" || typeof process.getBuiltinModule !== "function") return;
  process.getBuiltinModule("node:v8").setFlagsFromString("--experimental-wasm-relaxed-simd");
}
