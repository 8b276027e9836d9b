/**
 * The words users and the rest of steepest write programs in. Each makes one node (or a few) and checks its shapes and
 * dtypes at once; an error names the operation, the shapes and the line that asked for it.
 */
export * from "./atan2.ts";
export * from "./elementwise.ts";
export * from "./leaves.ts";
export * from "./matmul.ts";
export * from "./movement.ts";
export * from "./reduce.ts";
