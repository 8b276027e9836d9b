/** Programs that print themselves before they train: what they quote is no run of its own. */
import { expect, test } from "vitest";
import { readLog } from "../../src/logs/index.ts";

const code = `
def evaluate(step, loss=0):
    val_loss = 0
    for i in range(8): val_loss += model(x[i]) / 8
    print(f"step:{step}/{total} val_loss:{val_loss:.4f}")
step = 3 # loss: 2 terms
config: loss_every = 10
====================================
`;

test("one run is read, from its own lines", async () => {
  const lines = Array.from(
    { length: 60 },
    (_, i) => `step:${i * 10}/600 val_loss:${(3 + 4 * Math.exp(-i / 20)).toFixed(4)} train_time:${i * 93}ms`,
  );
  const logs = await readLog(new TextEncoder().encode(`${code}${lines.join("\n")}\n`), {
    source: "self.txt",
  });
  expect(logs).toHaveLength(1);
  const [series] = logs[0]!.series.filter((s) => s.role === "validation");
  expect(series).toMatchObject({ name: "val_loss" });
  expect(series!.values).toHaveLength(60);
  expect(series!.steps[59]).toBe(590);
});
