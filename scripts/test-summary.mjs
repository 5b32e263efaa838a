// Prints one line about a test run: `node scripts/test-summary.mjs <vitest's JSON report> <exit code of the run>`.
import { existsSync, readFileSync } from 'node:fs'

const [, , file, exitCode] = process.argv
const { passed, failed } = summarise(file)
// A run can fail without a failed test: lint, types, the build, or an error outside of any test.
const unexplained = Number(exitCode) !== 0 && failed === 0 ? 1 : 0
console.log(`${passed} passed, ${failed + unexplained} failed`)

function summarise(file) {
  if (!existsSync(file)) return { passed: 0, failed: 0 }
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  )
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length }
}
