/** What loading uses of a ReadableStream of bytes, and any such stream is one. Named here so that the types need no DOM library. */
export interface ByteStream {
  getReader(): {
    /** No value: the stream has ended. */
    read(): Promise<{ readonly value?: Uint8Array | undefined }>;
    cancel(reason?: unknown): Promise<void>;
  };
}

/** What data loading asks of its surroundings; Node's is in node-host.ts, a page injects its own. */
export interface DataHost {
  /** The bytes of a file, as a stream. Rejects with a SteepestError when it is missing or unreadable. */
  open(path: string): Promise<ByteStream>;
  /** The whole of a file inside an installed package, or null when the package is not there. */
  readPackageFile(packageName: string, path: string): Promise<Uint8Array | null>;
}
