// `node --import <this>` writes the URL of each module that a program loads to stderr, after `loaded `.
import { register } from 'node:module'

const hooks = `
  import { writeSync } from 'node:fs'
  export async function load(url, context, next) {
    writeSync(2, 'loaded ' + url + '\\n')
    return next(url, context)
  }`

register(`data:text/javascript,${encodeURIComponent(hooks)}`)
