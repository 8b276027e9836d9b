import type { CommandRow } from "../command.ts";

export const info: CommandRow = {
  name: "info",
  about: "versions, backends, threads and BLAS",
  define: () => {},
  load: () => import("../commands/info.ts"),
};
