// Bundles the browser pages' scripts and styles, and the FEEL interpreter for the server.
// Usage: node build.mjs [--watch]
import { context } from "esbuild";
import { readFileSync, rmSync } from "node:fs";
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
  entryPoints: [
    "src/app.ts",
    "src/form.ts",
    "src/diagram.ts",
    "src/trial.ts",
    "src/design.css",
  ],
  outdir: join(app, "web", "static", "vendor"),
  format: "iife",
  target: "es2022",
  sourcemap: true,
  assetNames: "assets/[name]-[hash]",
  loader: { ".woff": "file", ".woff2": "file", ".ttf": "file", ".svg": "file", ".eot": "empty" },
};

// CodeMirror writes its styles into a <style> element, which the strict policy forbids, unless it may
// use the document's constructed style sheets. A new version that no longer fits stops the build.
const constructedStyles = {
  name: "constructed-styles",
  setup(build) {
    build.onLoad({ filter: /style-mod[\\/]src[\\/]style-mod\.js$/ }, ({ path }) => {
      const source = readFileSync(path, "utf8");
      const condition = "if (!root.head && root.adoptedStyleSheets && win.CSSStyleSheet) {";
      if (source.split(condition).length !== 2) throw new Error(`${path} is not as it was.`);
      return { contents: source.replace(condition, "if (root.adoptedStyleSheets && win.CSSStyleSheet) {") };
    });
  },
};

// The editors of the workshop share their parts, and no other page loads them.
const editors = {
  ...shared,
  plugins: [constructedStyles],
  entryPoints: ["src/design/modeler.ts", "src/design/decisions.ts", "src/design/forms.ts", "src/design/texts.ts"],
  outdir: join(app, "web", "static", "vendor", "design"),
  format: "esm",
  splitting: true,
  target: "es2022",
  assetNames: "../assets/[name]-[hash]",
  chunkNames: "[name]-[hash]",
  alias: {
    "@camunda/feel-builtins": join(here, "src/design/feel_functions.ts"),
    // Editors and their property panels must share one Preact.
    preact: join(here, "node_modules/@bpmn-io/properties-panel/preact"),
  },
  loader: pages.loader,
};

// The server keeps parsed expressions and watches comparisons, and remembers names in their normal
// form and the days that texts name, which cost most of an evaluation. The interpreter has no way in
// for any of it, so its modules are changed here. A new version that no longer fits stops the build.
const feelinInside = {
  name: "feelin-inside",
  setup(build) {
    const from = (name) => JSON.stringify(join(here, "src", name));
    build.onResolve({ filter: /^feelin-inside$/ }, ({ resolveDir }) =>
      build.resolve("@bpmn-io/feelin", { kind: "import-statement", resolveDir }));
    build.onLoad({ filter: /@bpmn-io[\\/]feelin[\\/]dist[\\/]index\.js$/ }, ({ path }) => {
      const source = changed(path, [
        ["const expr = evalNode(node, args, interpreterContext);",
          "const expr = watched(node, args, interpreterContext, evalNode);"],
        ["        let d;\n        if (isString(from)) {\n            d = date(from);\n        }",
          "        if (isString(from) && !year) return dayOf(from);\n        let d;"],
        ["const builtin = !local && getBuiltin(name);", "const builtin = !local && builtinOf(name);"],
      ]);
      return {
        contents: `import { watched } from ${from("feel_strictness.ts")};
          import { remembered } from ${from("remembering.ts")};
          ${source}
          const dayOf = remembered(2_000, (text) => ifValid(date(text).setZone("utc").startOf("day")));
          const builtinOf = remembered(2_000, (name) => getBuiltin(name) ?? null);
          export { interpreter, InterpreterContext, getType };`,
      };
    });
    build.onLoad({ filter: /@bpmn-io[\\/]lezer-feel[\\/]dist[\\/]index\.js$/ }, ({ path }) => {
      const source = changed(path, [
        ["function normalizeContextKey(name) {", "const normalizeContextKey = remembered(5_000, (name) => {"],
        [".replace(/\\s{2,}/g, ' ').trim();\n}", ".replace(/\\s{2,}/g, ' ').trim();\n});"],
      ]);
      return { contents: `import { remembered } from ${from("remembering.ts")};\n${source}` };
    });
  },
};

function changed(path, changes) {
  return changes.reduce((source, [before, after]) => {
    if (source.split(before).length !== 2) throw new Error(`${path} is not as it was.`);
    return source.replace(before, () => after);
  }, readFileSync(path, "utf8"));
}

// Forms check e-mail addresses and telephone numbers on the server as the viewer does.
function viewerPatterns() {
  const viewer = readFileSync(
    join(here, "node_modules/@bpmn-io/form-js-viewer/dist/index.es.js"),
    "utf8",
  );
  const pattern = (name) => {
    const found = new RegExp(`^const ${name}_PATTERN = /(.*)/;$`, "m").exec(viewer);
    if (!found) throw new Error(`The form viewer has no ${name} pattern any more.`);
    return found[1];
  };
  return JSON.stringify({ email: pattern("EMAIL"), phone: pattern("PHONE") });
}

const feel = {
  ...shared,
  plugins: [feelinInside],
  define: { VIEWER_PATTERNS: viewerPatterns() },
  entryPoints: ["src/feelin.ts"],
  outfile: join(app, "engine", "feel", "feelin.js"),
  format: "iife",
  target: "es2020",
};

rmSync(editors.outdir, { recursive: true, force: true });
const contexts = await Promise.all([context(pages), context(editors), context(feel)]);
await Promise.all(contexts.map((bundle) => bundle.rebuild()));
if (process.argv.includes("--watch")) {
  await Promise.all(contexts.map((bundle) => bundle.watch()));
} else {
  await Promise.all(contexts.map((bundle) => bundle.dispose()));
}
