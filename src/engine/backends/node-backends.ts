/** What only Node has. Pages leave this file out: package.json's `browser` maps it to nothing. */
export { blasProducts } from "./blas.ts";
export { findBlas } from "./blas-library.ts";
export { cacheFolder, findCompiler } from "./node-compiler.ts";
export { nativeBackend, nativeWhereItPays, threadCount } from "./node-native.ts";
