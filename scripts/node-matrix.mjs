// Installs, builds and tests a fresh clone of the last commit on every Node we support: npm run test:node-matrix [-- 22 24]
// Node itself comes from the npm registry, into a temporary directory; nothing of this machine's set-up is changed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");

/** On 20 better-sqlite3 12 is the one that runs; on 24 its next major is tried too, which npm picks for users there. */
const matrix = [{ node: "20" }, { node: "22" }, { node: "24", alsoInstall: "better-sqlite3@^13.2.0" }];

const wanted = process.argv.slice(2);
const entries = wanted.length > 0 ? matrix.filter(({ node }) => wanted.includes(node)) : matrix;
if (entries.length === 0) {
  console.error(`none of ${wanted.join(", ")} is in the matrix: ${matrix.map(({ node }) => node).join(", ")}`);
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), "coflux-node-matrix-"));
const rows = [];
try {
  for (const entry of entries) rows.push({ node: entry.node, ...tryOn(entry) });
} finally {
  rmSync(directory, { recursive: true, force: true });
}
console.table(rows);
process.exitCode = rows.every(({ result }) => result === "passed") ? 0 : 1;

function tryOn({ node, alsoInstall }) {
  const nodeHome = installNode(node);
  if (!nodeHome) return { version: "", result: "could not be installed" };
  const clone = join(directory, `coflux-${node}`);
  const env = {
    ...process.env,
    PATH: [join(nodeHome, "bin"), process.env.PATH].join(delimiter),
    // Native packages are compiled against the headers of this Node, whatever the user's npm configuration names.
    npm_config_nodedir: nodeHome,
    CI: "true",
  };
  const version = spawnSync("node", ["--version"], { env, encoding: "utf8" }).stdout.trim();
  console.log(`\n--- ${version}`);
  const steps = [
    ["git", "clone", "--quiet", root, clone],
    ["npm", "ci"],
    ...(alsoInstall ? [["npm", "install", "--no-save", "--no-package-lock", alsoInstall]] : []),
    ["npm", "test"],
  ];
  for (const [command, ...args] of steps) {
    const cwd = command === "git" ? directory : clone;
    const { status } = spawnSync(command, args, { cwd, env, stdio: ["ignore", "inherit", "inherit"] });
    if (status !== 0) return { version, result: `${command} ${args[0]} failed` };
  }
  return { version, result: "passed" };
}

/** The registry has Node as a package for each platform: bin/node, and the headers beside it. */
function installNode(version) {
  const prefix = join(directory, `node-${version}`);
  const name = `node-${process.platform}-${process.arch}`;
  const args = ["install", "--prefix", prefix, "--no-save", "--no-audit", "--no-fund", `${name}@${version}`];
  const { status } = spawnSync("npm", args, { cwd: directory, stdio: ["ignore", "ignore", "inherit"] });
  return status === 0 ? join(prefix, "node_modules", name) : undefined;
}
