/** Flags of the WebGPU standard (sections 5.1.2, 5.3 and 8.1.1), which engines also have as global objects. */
export const usage = {
  mapRead: 0x1,
  copySource: 0x4,
  copyTarget: 0x8,
  uniform: 0x40,
  storage: 0x80,
} as const;
export const mapRead = 0x1;
export const computeStage = 0x4;
