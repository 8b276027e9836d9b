/**
 * Mersenne Twister MT19937 (Matsumoto & Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998): the generator under
 * NumPy's RandomState and PyTorch's CPU generator. The state is a plain record and can be saved and restored.
 */
export interface Mt19937 {
  /** 624 words of state. */
  readonly key: Uint32Array;
  /** Index of the next word to temper; 624 means that the block has to be renewed first. */
  pos: number;
}

const N = 624;
const M = 397;

/** Seeds by the paper's 2002 initialisation; only the low 32 bits of `seed` count, as in NumPy and PyTorch. */
export function mt19937(seed: number): Mt19937 {
  const key = new Uint32Array(N);
  key[0] = seed % 2 ** 32;
  for (let i = 1; i < N; i++) {
    const previous = key[i - 1]!;
    key[i] = Math.imul(1812433253, previous ^ (previous >>> 30)) + i;
  }
  return { key, pos: N };
}

/** The next 32 random bits as an integer in [0, 2³²). */
export function nextUint32(state: Mt19937): number {
  if (state.pos === N) renew(state);
  let y = state.key[state.pos++]!;
  y ^= y >>> 11;
  y ^= (y << 7) & 0x9d2c5680;
  y ^= (y << 15) & 0xefc60000;
  return (y ^ (y >>> 18)) >>> 0;
}

function renew(state: Mt19937): void {
  const { key } = state;
  for (let i = 0; i < N; i++) {
    const y = (key[i]! & 0x80000000) | (key[(i + 1) % N]! & 0x7fffffff);
    key[i] = key[(i + M) % N]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
  state.pos = 0;
}
