import { expect, test } from "vitest";
import { keepParts } from "./python-parts.ts";

const source = `"""About."""
import torch

Slots = dict


class Base:
    pass


def helper(x):
    return x


class First(Base):
    def f(self):
        return helper(1)


class Second(Base):
    pass
`;

test("what is wanted stays, with what it uses, in the order of the file", () => {
  expect(keepParts(source, ["First"])).toBe(`${source.slice(0, source.indexOf("\n\n\nclass Second"))}\n`);
  const second = keepParts(source, ["Second"]);
  expect(second).toContain("class Base");
  expect(second).not.toContain("helper");
  expect(second).not.toContain("First");
});

test("all is the file as it was", () => {
  expect(keepParts(source, ["First", "Second"])).toBe(source);
});
