/** How good a model is, as data for a picture: two square figures beside each other. */

/** A part of the probabilities that a model gave to what it predicted. */
export interface CalibrationBin {
  readonly rows: number;
  /** Mean probability of the predictions in it. */
  readonly probability: number;
  /** Share of them that is right. */
  readonly accuracy: number;
}

/** Classes: which is taken for which, and how far probabilities can be believed. */
export interface ClassPicture {
  readonly kind: "classes";
  readonly title: string;
  readonly subtitle?: string;
  readonly names: readonly string[];
  /** Rows by their class, columns by the prediction. */
  readonly confusion: readonly (readonly number[])[];
  /** Bins with rows in them; none for a model without probabilities. */
  readonly calibration: readonly CalibrationBin[];
}

/** Numbers: predictions over the truth, and what is left over the predictions. */
export interface NumberPicture {
  readonly kind: "numbers";
  readonly title: string;
  readonly subtitle?: string;
  /** What is predicted, such as a column's name. */
  readonly target: string;
  readonly truth: ArrayLike<number>;
  readonly predicted: ArrayLike<number>;
}

/** What an evaluation found, of classes or of numbers. */
export type EvaluationPicture = ClassPicture | NumberPicture;
