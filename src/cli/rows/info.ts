import type { CommandRow } from "../command.ts";

export const info: CommandRow = {
  name: "info",
  summary: "versions, backends, threads and BLAS",
  define: () => {},
  load: () => import("../commands/info.ts"),
};
