// Bundles the browser pages' scripts and styles, and the FEEL interpreter for the server.
// Usage: node build.mjs [--watch]
import { context } from "esbuild";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const app = join(here, "..", "broker_crm");

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "linked",
  logLevel: "warning",
};

const pages = {
  ...shared,
  entryPoints: ["src/app.ts", "src/form.ts", "src/diagram.ts"],
  outdir: join(app, "web", "static", "vendor"),
  format: "iife",
  target: "es2022",
  sourcemap: true,
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".svg": "file", ".eot": "empty" },
};

const feel = {
  ...shared,
  entryPoints: ["src/feelin.ts"],
  outfile: join(app, "engine", "feel", "feelin.js"),
  format: "iife",
  target: "es2020",
};

const contexts = await Promise.all([context(pages), context(feel)]);
await Promise.all(contexts.map((bundle) => bundle.rebuild()));
if (process.argv.includes("--watch")) {
  await Promise.all(contexts.map((bundle) => bundle.watch()));
} else {
  await Promise.all(contexts.map((bundle) => bundle.dispose()));
}
