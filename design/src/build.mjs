// Builds ../static from scss/, js/ and the fonts of the packages. The same
// sources give the same bytes, so that a check can tell whether what is
// committed is fresh (build.sh --check).
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { compile } from "sass";
import subsetFont from "subset-font";

const out = new URL("../static/", import.meta.url);
const here = (path) => new URL(path, import.meta.url);
mkdirSync(new URL("fonts/", out), { recursive: true });

// What nearly every page needs of the font comes in three small files: the Russian
// letters, the six that Kyrgyz has beside them, and Latin with figures and
// punctuation, at the weights in use. The rest of each alphabet is a file of its
// own, which a browser asks for only when a page has such a letter (unicode-range
// in _tokens.scss tells it).
const fonts = here("node_modules/@fontsource-variable/golos-text/");
const from = (part) => new URL(`files/golos-text-${part}-wght-normal.woff2`, fonts);
const span = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => String.fromCodePoint(first + i)).join("");
const parts = {
  cyrillic: { of: "cyrillic", letters: span(0x410, 0x44f) + "Ёё№" },
  kyrgyz: { of: "cyrillic-ext", letters: "ҢңӨөҮү" },
  latin: { of: "latin", letters: span(0x20, 0x7e) + "\u00a0\u00ad§«»°±·×–—‘’“”„…←↑→↓−€" },
};
for (const [name, part] of Object.entries(parts)) {
  const packed = await subsetFont(readFileSync(from(part.of)), part.letters, { targetFormat: "woff2", variationAxes: { wght: { min: 400, max: 700 } } });
  writeFileSync(new URL(`fonts/golos-text-${name}.woff2`, out), packed);
  copyFileSync(from(part.of), new URL(`fonts/golos-text-${part.of}-rest.woff2`, out));
}
copyFileSync(new URL("LICENSE", fonts), new URL("fonts/LICENSE.txt", out));

// The version in the address is the one that assets.go computes: the first six
// bytes of the sha-256.
const version = (name) => createHash("sha256").update(readFileSync(new URL(name, out))).digest("hex").slice(0, 12);

function css(name) {
  let text = compile(here(`scss/${name}.scss`).pathname, {
    style: "compressed", loadPaths: [here("node_modules").pathname], quietDeps: true,
  }).css;
  // Stand-in sizes (1019px, 63.6875rem…) become tokens, with the line height beside them.
  for (const step of [16, 19, 24, 27, 36, 48]) {
    const rem = String((1000 + step) / 16).replace(/\.?0+$/, (m) => (m.startsWith(".") ? "" : m));
    const size = `font-size:${rem.replace(".", "\\.")}rem`;
    text = text.replace(new RegExp(`${size};line-height:[\\d.]+`, "g"), `font-size:var(--size-${step});line-height:var(--lead-${step})`);
    text = text.replace(new RegExp(size, "g"), `font-size:var(--size-${step})`);
  }
  const left = text.match(/[^{};]*\b(6[345]\.?\d*rem|10[1-4]\dpx)[^;}]*/g);
  if (left) throw new Error(`stand-in sizes left in ${name}.css: ${left.slice(0, 5).join(" | ")}`);
  text = text.replace(/url\("?(fonts\/[\w-]+\.woff2)"?\)/g, (_, font) => `url("${font}?v=${version(font)}")`);
  writeFileSync(new URL(`${name}.css`, out), text.trim() + "\n");
}
css("app");
css("large");

// What is told in the sources stays there: on a slow line every kilobyte is seen.
const bare = (name) => readFileSync(here(name), "utf8").replace(/^\s*\/\/.*\n/gm, "").trim();

// One file, one request: each script keeps its names to itself in a block.
const scripts = readdirSync(here("js/")).filter((f) => f.endsWith(".js")).sort();
writeFileSync(new URL("app.js", out), scripts.map((f) => `// ${f}\n{\n${bare(`js/${f}`)}\n}\n`).join("\n"));

// What must run before the page is seen is a file of its own, and small.
writeFileSync(new URL("line.js", out), `${bare("early/line.js")}\n`);

// The reader of QR codes for browsers that have none of their own: a page asks
// for it only when it needs it.
copyFileSync(here("node_modules/jsqr/dist/jsQR.js"), new URL("jsqr.js", out));
