/** The table of optimizers: command-line help, docs, the lab's controls and the hand-off read it. */
import { findRow } from "../run/table.ts";
import type { OptimizerRow } from "./define.ts";
import { adabelief } from "./optimizers/adabelief.ts";
import { adadelta } from "./optimizers/adadelta.ts";
import { adafactor } from "./optimizers/adafactor.ts";
import { adafactorHf } from "./optimizers/adafactor-hf.ts";
import { adagrad } from "./optimizers/adagrad.ts";
import { adam, adamw } from "./optimizers/adam.ts";
import { adamAtan2 } from "./optimizers/adam-atan2.ts";
import { adamax } from "./optimizers/adamax.ts";
import { adamuon } from "./optimizers/adamuon.ts";
import { adan } from "./optimizers/adan.ts";
import { ademamix } from "./optimizers/ademamix.ts";
import { adopt } from "./optimizers/adopt.ts";
import { amsgrad } from "./optimizers/amsgrad.ts";
import { asgd } from "./optimizers/asgd.ts";
import { dAdaptAdam } from "./optimizers/d-adapt-adam.ts";
import { dog } from "./optimizers/dog.ts";
import { emaMomentum } from "./optimizers/ema-momentum.ts";
import { ftrl } from "./optimizers/ftrl.ts";
import { grams } from "./optimizers/grams.ts";
import { adamh, muonh } from "./optimizers/hyperball.ts";
import { lamb } from "./optimizers/lamb.ts";
import { laprop } from "./optimizers/laprop.ts";
import { lars } from "./optimizers/lars.ts";
import { lbfgs } from "./optimizers/lbfgs.ts";
import { lion } from "./optimizers/lion.ts";
import { madgrad } from "./optimizers/madgrad.ts";
import { mars } from "./optimizers/mars.ts";
import { muon } from "./optimizers/muon.ts";
import { nadam } from "./optimizers/nadam.ts";
import { nadamOptax } from "./optimizers/nadam-optax.ts";
import { nag } from "./optimizers/nag.ts";
import { nesterov } from "./optimizers/nesterov.ts";
import { noisySgd } from "./optimizers/noisy-sgd.ts";
import { normuon } from "./optimizers/normuon.ts";
import { novograd } from "./optimizers/novograd.ts";
import { optimisticGd } from "./optimizers/optimistic-gd.ts";
import { polyakSgd } from "./optimizers/polyak-sgd.ts";
import { prodigy } from "./optimizers/prodigy.ts";
import { psgdKron } from "./optimizers/psgd-kron.ts";
import { radam } from "./optimizers/radam.ts";
import { rmsprop } from "./optimizers/rmsprop.ts";
import { rprop } from "./optimizers/rprop.ts";
import { scheduleFreeAdamw, scheduleFreeSgd } from "./optimizers/schedule-free.ts";
import { scheduleFreeProdigy } from "./optimizers/schedule-free-prodigy.ts";
import { scion } from "./optimizers/scion.ts";
import { sgd } from "./optimizers/sgd.ts";
import { shampoo } from "./optimizers/shampoo.ts";
import { shampooSequential } from "./optimizers/shampoo-sequential.ts";
import { signSgd, signum } from "./optimizers/sign-sgd.ts";
import { sm3 } from "./optimizers/sm3.ts";
import { soap } from "./optimizers/soap.ts";
import { sophiaH } from "./optimizers/sophia-h.ts";
import { sparseAdam } from "./optimizers/sparse-adam.ts";
import { stableAdamw } from "./optimizers/stable-adamw.ts";
import { yogi } from "./optimizers/yogi.ts";
import type { Transform } from "./transform.ts";

/** The table of optimizers, one row each, in the order that help and docs list them. */
export const optimizers: readonly OptimizerRow[] = [
  sgd,
  emaMomentum,
  nag,
  nesterov,
  asgd,
  adam,
  adamw,
  amsgrad,
  nadam,
  nadamOptax,
  radam,
  adamax,
  sparseAdam,
  adagrad,
  adadelta,
  rmsprop,
  rprop,
  adafactor,
  adafactorHf,
  muon,
  lbfgs,
  lamb,
  lars,
  lion,
  signSgd,
  signum,
  adan,
  adabelief,
  yogi,
  novograd,
  sm3,
  noisySgd,
  optimisticGd,
  polyakSgd,
  sophiaH,
  prodigy,
  dAdaptAdam,
  dog,
  scheduleFreeSgd,
  scheduleFreeAdamw,
  adopt,
  ademamix,
  madgrad,
  ftrl,
  stableAdamw,
  laprop,
  grams,
  adamAtan2,
  mars,
  normuon,
  adamuon,
  scion,
  adamh,
  muonh,
  scheduleFreeProdigy,
  soap,
  shampoo,
  shampooSequential,
  psgdKron,
].map((o) => o.row);

/** The row of this name. Throws `optimizer` with the closest name when there is none. */
export function findOptimizer(name: string): OptimizerRow {
  return findRow(optimizers, name, {
    code: "optimizer",
    missing: `there is no optimizer named ${JSON.stringify(name)}`,
  });
}

/** The optimizer of this name with these options; `lr` of the result is the option's value. */
export const makeOptimizer = (name: string, options: Readonly<Record<string, unknown>> = {}): Transform =>
  findOptimizer(name).make(options);
