// Preloaded: writes the URL of every module that the process and its workers load, one a line.
import { register } from 'node:module'

register('./trace-hooks.mjs', import.meta.url)
