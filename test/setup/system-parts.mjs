// Brings what some tests need from the system: OpenBLAS for the blas backend, a C compiler for the native one, Chromium for the lab, PyTorch for the
// hand-off. On Debian they are installed when that is allowed; elsewhere the tests that need them are skipped with the
// reason, and with CI=true a missing part is a failure.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import process from "node:process";

const parts = [
  { package: "libopenblas0", present: () => inLibraryFolders(/^libopenblas.*\.so/) },
  { package: "gcc", present: compiles },
  { package: "libc6-dev", present: compiles },
  {
    package: "chromium",
    present: () =>
      [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser"].some(
        (f) => f && existsSync(f),
      ),
  },
  { package: "python3-torch", present: () => ["python3", "/usr/bin/python3"].some(hasTorch) },
];

/** Whether there is a C compiler that finds the C library's headers. */
function compiles() {
  return spawnSync("cc", ["-E", "-xc", "-"], { input: "#include <pthread.h>\n" }).status === 0;
}

function hasTorch(python) {
  const code =
    "import sys, importlib.util as u; sys.exit(any(u.find_spec(m) is None for m in ('torch', 'numpy')))";
  return spawnSync(python, ["-c", code], { stdio: "ignore" }).status === 0;
}

function inLibraryFolders(name) {
  const folders = [
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
  ];
  return folders.some((f) => existsSync(f) && readdirSync(f).some((entry) => name.test(entry)));
}

function install(names) {
  const root = process.getuid?.() === 0;
  const sudo = root ? [] : ["sudo", "-n"];
  const apt = (...args) => {
    const [command, ...rest] = [...sudo, "apt-get", ...args];
    return spawnSync(command, rest, {
      stdio: ["ignore", "ignore", "inherit"],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
  };
  apt("update", "-qq");
  return apt("install", "-y", "-qq", "--no-install-recommends", ...names).status === 0;
}

const missing = parts.filter((p) => !p.present()).map((p) => p.package);
if (missing.length > 0) {
  console.error(`tests: installing ${missing.join(", ")}`);
  if (!existsSync("/usr/bin/apt-get") || !install(missing)) {
    console.error(
      `tests: ${missing.join(", ")} could not be installed; what needs it is ${process.env.CI === "true" ? "a failure (CI=true)" : "skipped"}`,
    );
    if (process.env.CI === "true") process.exitCode = 1;
  }
}
