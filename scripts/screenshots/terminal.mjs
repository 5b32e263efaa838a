// Terminals, as pictures of what commands really print.
import { spawn } from 'node:child_process'

const COLOURS = {
  light: { page: '#fbfaf8', line: '#dcd9d3', text: '#1d1e22', quiet: '#62646d', error: '#a4262c' },
  dark: { page: '#17181c', line: '#33353d', text: '#e6e8ee', quiet: '#9a9eaa', error: '#ff9b8f' },
}

/** Runs commands one after another in a folder, and returns what each showed. */
export async function runCommands(commands, cwd) {
  const printed = []
  for (const { shown, program, env } of commands) printed.push({ shown, ...(await run(program, cwd, env)) })
  return printed
}

function run(program, cwd, env = {}) {
  return new Promise((resolve, reject) => {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(CI|GITHUB_.*|FORCE_COLOR)$/.test(name),
    )
    const child = spawn(process.execPath, program, {
      cwd,
      env: { ...Object.fromEntries(inherited), NO_COLOR: '1', ...env },
    })
    const parts = []
    child.stdout.on('data', (text) => parts.push(String(text)))
    child.stderr.on('data', (text) => parts.push(String(text)))
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, text: withoutStack(parts.join('')) }))
  })
}

/** Where in a bundler an error was thrown depends on the machine. */
function withoutStack(text) {
  const [told, ...stack] = text.split(/\n+(?= +at )/)
  return stack.length > 0 ? `${told}\n…` : told.trimEnd()
}

/** A page with a `main` that looks like a terminal. */
export function terminalPage(printed, scheme) {
  const { page, line, text, quiet, error } = COLOURS[scheme]
  const blocks = printed.map(
    ({ shown, code, text: output }) =>
      `<p><b>$</b> ${escape(shown)}</p><pre>${escape(output)}</pre><p class="${code === 1 ? 'bad' : ''}"><i>exit code ${code}</i></p>`,
  )
  return `<!doctype html><meta charset="utf-8"><style>
    body { margin: 0; background: transparent }
    main { box-sizing: border-box; width: 960px; padding: 20px 24px; border: 1px solid ${line}; border-radius: 12px;
      background: ${page}; color: ${text}; font: 14px/1.55 'DejaVu Sans Mono', 'Liberation Mono', ui-monospace, monospace }
    p { margin: 0 } b { color: ${quiet} } i { color: ${quiet}; font-style: normal } .bad i { color: ${error} }
    pre { margin: 6px 0 8px; white-space: pre-wrap; font: inherit }
  </style><main>${blocks.join('')}</main>`
}

function escape(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
