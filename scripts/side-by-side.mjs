// Runs scripts of package.json in parallel, and prints the output of each when it ends: `node scripts/side-by-side.mjs
// lint build`.
import { spawn } from 'node:child_process'

const codes = await Promise.all(process.argv.slice(2).map(run))
process.exitCode = codes.find((code) => code !== 0) ?? 0

/** @returns {Promise<number>} the exit code */
function run(name) {
  return new Promise((resolve, reject) => {
    // npm passes its location to its children; run as a script, it also starts on Windows.
    const child = spawn(process.execPath, [process.env.npm_execpath, 'run', name])
    const output = []
    child.stdout.on('data', (bytes) => output.push(bytes))
    child.stderr.on('data', (bytes) => output.push(bytes))
    child.once('error', reject)
    child.once('close', (code) => {
      process.stdout.write(Buffer.concat(output))
      resolve(code ?? 1)
    })
  })
}
