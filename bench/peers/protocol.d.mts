export const workload: string;
export const folder: string;
export const option: string | undefined;
export function numbers(name: string): Float32Array;
export function ramp(count: number): Float32Array;
export interface Times {
  readonly wall: number;
  readonly cpu: number;
}
export function perStep(step: () => unknown, seconds: number): Promise<Times>;
export function serve(adapter: {
  readonly check: Readonly<Record<string, number>>;
  readonly measure?: (seconds: number) => Promise<Readonly<Record<string, Times>>>;
}): Promise<void>;
