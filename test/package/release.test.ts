import { expect, test } from "vitest";
import { reasonsAgainst } from "../../scripts/release/reasons.ts";

const address = {
  repository: { type: "git", url: "git+https://example.org/steepest.git" },
  homepage: "https://example.org/steepest",
};
const ready = {
  manifest: { version: "1.2.0", optionalDependencies: { "@steepest/lab": "1.2.0" }, ...address },
  lab: { version: "1.2.0", ...address },
  lock: { version: "1.2.0" },
  changelog: "# Changelog\n\n## 1.2.0\n\n- New.\n\n## 1.1.0\n",
  changed: "",
};

test("nothing speaks against files that agree", () => {
  expect(reasonsAgainst(ready)).toEqual([]);
});

test("each disagreement is a reason", () => {
  const only = (change: Partial<typeof ready>): string => {
    const [reason, more] = reasonsAgainst({ ...ready, ...change });
    expect(more).toBeUndefined();
    return reason!;
  };
  expect(only({ lab: { version: "1.1.0", ...address } })).toContain("packages/lab has version 1.1.0");
  expect(only({ lock: { version: "1.1.0" } })).toContain("package-lock.json has version 1.1.0");
  expect(only({ changelog: "## 1.2.0 (not yet released)\n" })).toContain("(not yet released)");
  expect(only({ changed: " M README.md\n" })).toContain("README.md");
  const { homepage: _, ...homeless } = ready.lab;
  expect(only({ lab: homeless as typeof ready.lab })).toContain(
    "packages/lab/package.json has no repository or",
  );
  const manifest = { ...ready.manifest, optionalDependencies: { "@steepest/lab": "1.1.0" } };
  expect(only({ manifest })).toContain("@steepest/lab 1.1.0");
});
