/** What data loading asks of its surroundings; Node's is in node-host.ts, a page injects its own. */
export interface DataHost {
  /** The bytes of a file, as a stream. Rejects with a SteepestError when it is missing or unreadable. */
  open(path: string): Promise<ReadableStream<Uint8Array>>;
  /** The whole of a file inside an installed package, or null when the package is not there. */
  readPackageFile(packageName: string, path: string): Promise<Uint8Array | null>;
}
