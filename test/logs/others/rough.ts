/** Rough logs: bars, colours, warnings between, ranks, several runs, other objectives, and texts without a training. */
import type { Course, Style, Told } from "./told.ts";

const f = (x: number, digits = 4): string => x.toFixed(digits);

const printed = (c: Course, digits = 4): string[] => c.loss.map((x) => f(x, digits));
const plain = (text: string, loss: readonly string[], every: number, more: Partial<Told> = {}): Told => ({
  text,
  loss,
  steps: loss.map((_, i) => i * every),
  ...more,
});
const join = (c: Course, row: (i: number) => string, end = "\n"): string =>
  `${c.loss.map((_, i) => row(i)).join(end)}${end}`;

export const ROUGH: Readonly<Record<string, Style>> = {
  "warnings-between": (c) => {
    const loss = printed(c);
    const noise = (i: number): string =>
      [
        '/opt/lib/scheduler.py:143: UserWarning: Detected call of `lr_scheduler.step()` 2 times.\n  warnings.warn("see https://host.example/doc-1.2")\n',
        `Saved checkpoint at runs/7/step_${i}.pt (1.2 GB)\n`,
        "",
        "[W socket.cpp:601] The client socket cannot be initialized (errno: 97).\n",
      ][i % 4]!;
    return plain(
      join(c, (i) => `${noise(i)}step ${i * 5} | loss ${loss[i]} | lr ${c.lr[i]}`),
      loss,
      5,
      { lr: c.lr.map(String) },
    );
  },
  "two-ranks": (c) => {
    const loss = printed(c);
    return plain(
      join(
        c,
        (i) => `[rank0]: iteration ${i * 2} loss ${loss[i]}\n[rank1]: iteration ${i * 2} loss ${loss[i]}`,
      ),
      loss,
      2,
    );
  },
  "three-runs": (c) => {
    const loss = printed(c);
    const run = join(c, (i) => `step ${i * 3}: train loss ${loss[i]}`);
    return {
      text: `python train.py --lr 0.1\n${run}python train.py --lr 0.2\n${run}python train.py --lr 0.3\n${run}`,
      loss,
      runs: 3,
    };
  },
  "resumed-further-back": (c) => {
    const loss = printed(c);
    const again = Math.floor(loss.length / 2);
    const row = (i: number): string => `iter ${i * 10} loss=${loss[i]}`;
    const rows = loss.map((_, i) => row(i));
    return {
      text: `${rows.join("\n")}\nResuming from checkpoint\n${rows.slice(again).join("\n")}\n${row(loss.length - 1).replace(/iter \d+/, `iter ${loss.length * 10}`)}\n`,
      loss,
      runs: 2,
    };
  },
  "nan-at-the-end": (c) => {
    const loss = [...printed(c), "nan", "nan", "nan"];
    return plain(
      `${loss.map((l, i) => `Step: ${i * 10}, Loss: ${l}, Norm: ${i >= loss.length - 3 ? "nan" : "1.2"}`).join("\n")}\n`,
      loss,
      10,
    );
  },
  "json-in-line": (c) => {
    const loss = printed(c);
    return plain(
      join(
        c,
        (i) =>
          `2024-01-02T10:11:12.123Z INFO train {"step": ${i * 10}, "loss": ${loss[i]}, "lr": ${c.lr[i]}, "tok/s": 12043.1}`,
      ),
      loss,
      10,
      { lr: c.lr.map(String) },
    );
  },
  logfmt: (c) => {
    const loss = printed(c);
    return plain(
      join(
        c,
        (i) =>
          `ts=2024-01-02T10:11:12Z level=info msg="training step" step=${i * 10} loss=${loss[i]} lr=${c.lr[i]} grad_norm=${c.norm[i]}`,
      ),
      loss,
      10,
      { lr: c.lr.map(String), norm: c.norm.map(String) },
    );
  },
  "yaml-blocks": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `step: ${i * 10}\nloss: ${loss[i]}\nlearning_rate: ${c.lr[i]}\n---`),
      loss,
      10,
      { lr: c.lr.map(String) },
    );
  },
  "markdown-table": (c) => {
    const loss = printed(c);
    const val = c.val.map((x) => f(x));
    return plain(
      `| Epoch | Training Loss | Validation Loss |\n|-------|---------------|-----------------|\n${join(c, (i) => `| ${i + 1} | ${loss[i]} | ${val[i]} |`)}`,
      loss,
      1,
      { val },
    );
  },
  "box-table": (c) => {
    const loss = printed(c);
    return plain(
      `┏━━━━━━━┳━━━━━━━━┳━━━━━━━━━━┓\n┃ step  ┃ loss   ┃ lr       ┃\n┡━━━━━━━╇━━━━━━━━╇━━━━━━━━━━┩\n${join(c, (i) => `│ ${String(i * 10).padEnd(5)} │ ${loss[i]} │ ${String(c.lr[i]).padEnd(8)} │`)}└───────┴────────┴──────────┘\n`,
      loss,
      10,
      { lr: c.lr.map(String) },
    );
  },
  thousands: (c) => {
    const loss = printed(c);
    return plain(
      join(
        c,
        (i) =>
          `step ${(i * 500).toLocaleString("en-US")} of 100,000 | loss ${loss[i]} | ${(12_043 + i).toLocaleString("en-US")} tokens/s`,
      ),
      loss,
      500,
    );
  },
  "decimal-comma": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `Schritt ${i * 10}: Verlust ${loss[i]!.replace(".", ",")} (Dauer 1,${i % 10} s)`),
      loss,
      10,
    );
  },
  emoji: (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `🔥 Epoch ${i + 1} ▸ loss ${loss[i]} ▸ ⏱ ${3 + i}s`),
      loss,
      1,
    );
  },
  sentence: (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `After ${i * 100} examples the mean squared error on the training set is ${loss[i]}.`),
      loss,
      100,
    );
  },
  "bar-and-dictionary": (c) => {
    const loss = printed(c);
    const total = loss.length;
    return {
      text: join(
        c,
        (i) =>
          `{'loss': ${loss[i]}, 'grad_norm': ${c.norm[i]}, 'learning_rate': ${c.lr[i]}, 'epoch': ${f(i * 0.05, 2)}}\r  ${i}%|▏         | ${i + 1}/${total} [00:12<10:31,  1.2s/it]`,
      ),
      loss,
      lr: c.lr.map(String),
      norm: c.norm.map(String),
    };
  },
  "preference-training": (c) => {
    const loss = printed(c);
    return {
      text: join(
        c,
        (i) =>
          `{'loss': ${loss[i]}, 'learning_rate': ${c.lr[i]}, 'rewards/chosen': 0.1${i}, 'rewards/rejected': -0.2${i}, 'rewards/accuracies': 0.6, 'rewards/margins': 0.3, 'epoch': ${f(i * 0.05, 2)}}`,
      ),
      loss,
      lr: c.lr.map(String),
    };
  },
  "lightning-epoch-bar": (c) => {
    const loss = printed(c);
    return {
      text: join(
        c,
        (i) => `Epoch ${i}: 100%|██████████| 32/32 [00:01<00:00, 12.1it/s, v_num=4, train_loss=${loss[i]}]`,
      ),
      loss,
    };
  },
  "colour-levels": (c) => {
    const loss = printed(c);
    return plain(
      join(
        c,
        (i) =>
          `\u001b[90m10:11:12\u001b[0m \u001b[1;34mINFO\u001b[0m step=\u001b[33m${i * 10}\u001b[0m loss=\u001b[31m${loss[i]}\u001b[0m`,
      ),
      loss,
      10,
    );
  },
  "numbers-first": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `${i * 10} steps, ${loss[i]} loss, ${c.lr[i]} lr, ${c.norm[i]} grad norm`),
      loss,
      10,
    );
  },
  "metric-a-line": (c) => {
    const loss = printed(c);
    const val = c.val.map((x) => f(x));
    return plain(
      join(
        c,
        (i) => `===== epoch ${i + 1} =====\ntrain loss: ${loss[i]}\nvalid loss: ${val[i]}\nseconds: 12.${i}`,
      ),
      loss,
      1,
      { val },
    );
  },
  "spanish-sentence": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `Época ${i + 1}/50 — pérdida: ${loss[i]} — tasa de aprendizaje: ${c.lr[i]}`),
      loss,
      1,
      { lr: c.lr.map(String) },
    );
  },
  "korean-lines": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `[에포크 ${i + 1}] 손실: ${loss[i]}, 학습률: ${c.lr[i]}`),
      loss,
      1,
      { lr: c.lr.map(String) },
    );
  },
  "parts-and-total": (c) => {
    const loss = printed(c);
    return plain(
      join(c, (i) => `it ${i * 20} rec_loss 0.3${i} kl_loss 0.1${i} total_loss ${loss[i]}`),
      loss,
      20,
    );
  },
  "perplexity-only": (c) => ({
    text: join(c, (i) => `| epoch ${i + 1} | ppl ${f(Math.exp(c.loss[i]!), 2)} | 12.1 ms/batch |`),
    objective: "perplexity",
  }),
  "accuracy-only": (c) => ({
    text: join(c, (i) => `epoch ${i + 1}: train acc ${c.acc[i]}, test acc ${c.acc[i]}`),
    objective: "accuracy-only",
  }),
  dcgan: (c) => ({
    text: join(
      c,
      (i) =>
        `[0/25][${i * 50}/1583]\tLoss_D: ${f(c.loss[i]!)}\tLoss_G: ${f(4 - c.loss[i]!)}\tD(x): 0.9123\tD(G(z)): 0.1 / 0.02`,
    ),
    objective: "adversarial",
  }),
  wgan: (c) => ({
    text: join(
      c,
      (i) => `[Epoch 1/200] [Batch ${i * 5}/938] [D loss: ${f(c.loss[i]!)}] [G loss: ${f(c.val[i]!)}]`,
    ),
    objective: "adversarial",
  }),
  "ppo-box": (c) => ({
    text: join(
      c,
      (i) =>
        `-----------------------------------\n| rollout/ep_rew_mean   | ${i * 3 + 0.5} |\n| time/total_timesteps  | ${2048 * (i + 1)} |\n| train/policy_loss     | -0.01${i} |\n| train/value_loss      | ${f(c.loss[i]!)} |`,
    ),
    objective: "reinforcement",
  }),
  "q-learning": (c) => ({
    text: join(
      c,
      (i) => `Episode ${i * 10}\tScore: ${i * 1.5}\tAverage reward: ${i * 1.2}\tepsilon: ${f(0.99 ** i)}`,
    ),
    objective: "reinforcement",
  }),
  "evaluation-only": (c) => ({
    text: join(c, (i) => `step ${i * 250} eval_loss: ${f(c.val[i]!)} eval_time: 12.1s`),
    objective: "validation-only",
  }),
  "web-server": (c) => ({
    text: join(
      c,
      (i) =>
        `10.0.0.${i % 9} - - [02/Jan/2024:10:11:${10 + (i % 50)} +0000] "GET /item/${i * 7} HTTP/1.1" 200 ${5120 - 31 * i}`,
    ),
    objective: "refused",
  }),
  "package-install": (c) => ({
    text: join(
      c,
      (i) => `Get:${i + 1} http://host.example/ubuntu jammy/main amd64 lib${i} [${f(900 - 7.3 * i, 1)} kB]`,
    ),
    objective: "refused",
  }),
  "gpu-watch": (c) => ({
    text: join(
      c,
      (i) =>
        `| 0  N/A   4${i % 9}C    P0    7${i % 9}W / 300W |  ${1024 + i}MiB / 16384MiB |     ${90 - (i % 30)}%      Default |`,
    ),
    objective: "refused",
  }),
  "test-suite": (c) => ({
    text: join(c, (i) => `ok ${i + 1} - reads part ${i} of the file (${f(3 / (i + 1), 2)} ms)`),
    objective: "refused",
  }),
};
