/** Bundles the pages' scripts and styles into src/bitpay/http/static/build, with a manifest of the hashed names. */
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const web = path.dirname(fileURLToPath(import.meta.url));
const out = path.resolve(web, "../src/bitpay/http/static/build");
const entries = new Set(["app.ts", "dev.ts", "style.css"]);
const production = process.env.NODE_ENV !== "development";

const { metafile } = await build({
  absWorkingDir: web,
  entryPoints: [...entries],
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox113", "safari16.4"],
  minify: production,
  sourcemap: production ? false : "linked",
  legalComments: "linked",
  nodePaths: [path.join(web, "node_modules")],
  define: { global: "globalThis", "process.env.NODE_ENV": JSON.stringify(production ? "production" : "development") },
  loader: { ".woff2": "file" },
  publicPath: "/static/build",
  entryNames: "[name]-[hash]",
  chunkNames: "part-[hash]",
  assetNames: "[name]-[hash]",
  metafile: true,
  logLevel: "warning",
});

/** Logical name ("app.js") to built name ("app-4QX….js"), for entries and for fonts, which templates preload. */
function manifestOf(outputs) {
  const names = {};
  for (const [file, { entryPoint, inputs }] of Object.entries(outputs)) {
    const source = file.endsWith(".woff2") ? Object.keys(inputs)[0] : entryPoint;
    const isOurs = source !== undefined && (file.endsWith(".woff2") || entries.has(source));
    if (isOurs) names[path.basename(source).replace(/\.ts$/, ".js")] = path.basename(file);
  }
  return names;
}

async function removeOldFiles(outputs) {
  const kept = new Set(Object.keys(outputs).map((file) => path.basename(file)));
  const old = (await readdir(out)).filter((name) => !kept.has(name));
  await Promise.all(old.map((name) => rm(path.join(out, name), { recursive: true })));
}

await mkdir(out, { recursive: true });
await removeOldFiles(metafile.outputs);
await writeFile(path.join(out, "manifest.json"), `${JSON.stringify(manifestOf(metafile.outputs), null, 2)}\n`);
