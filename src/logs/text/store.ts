/** Templates and the numbers of their lines: columns of one block each time they fill, constants without a block. */
const CHUNK = 2048;

export class Column {
  length = 0;
  private constant = Number.NaN;
  private chunks: Float64Array[] | null = null;

  push(value: number): void {
    if (this.chunks === null) {
      if (this.length === 0) this.constant = value;
      else if (!Object.is(value, this.constant)) this.unfold();
    }
    if (this.chunks !== null) {
      const at = this.length % CHUNK;
      if (at === 0) this.chunks.push(new Float64Array(CHUNK));
      this.chunks[this.chunks.length - 1]![at] = value;
    }
    this.length++;
  }

  at(row: number): number {
    return this.chunks === null ? this.constant : this.chunks[Math.floor(row / CHUNK)]![row % CHUNK]!;
  }

  /** Forgets the numbers. */
  clear(): void {
    this.length = 0;
    this.chunks = null;
  }

  private unfold(): void {
    this.chunks = [];
    for (let at = 0; at < this.length; at += CHUNK)
      this.chunks.push(new Float64Array(CHUNK).fill(this.constant));
  }
}

/** A growing list of whole numbers: which template each line was. */
export class Order {
  length = 0;
  private chunks: Int32Array[] = [];

  push(value: number): void {
    const at = this.length % 65536;
    if (at === 0) this.chunks.push(new Int32Array(65536));
    this.chunks[this.chunks.length - 1]![at] = value;
    this.length++;
  }

  at(index: number): number {
    return this.chunks[index >> 16]![index & 65535]!;
  }

  clear(): void {
    this.length = 0;
    this.chunks = [];
  }
}
