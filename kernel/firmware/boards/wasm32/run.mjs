// Runs a program in WebAssembly: `node run.mjs digests.wasm`. It can print and exit, as on a chip.
import { readFileSync, writeSync } from "node:fs";

const host = {
  print: (at, length) => writeSync(1, new Uint8Array(program.exports.memory.buffer, at, length)),
  exit: (status) => process.exit(status),
};
const module = new WebAssembly.Module(readFileSync(process.argv[2]));
const program = new WebAssembly.Instance(module, { host });
program.exports.start();
