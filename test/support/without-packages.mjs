import Module, { register } from 'node:module'

// Preloaded by a process that is to find out what a project without some packages does: WITHOUT_PACKAGES are not
// installed, BROKEN_PACKAGES are there without their half for this machine.
const listOf = (name) => (process.env[name] ?? '').split(' ').filter(Boolean)
const lists = { absent: listOf('WITHOUT_PACKAGES'), broken: listOf('BROKEN_PACKAGES') }

const hooks = `
const { absent, broken } = ${JSON.stringify(lists)}
const isOf = (specifier) => (name) => specifier === name || specifier.includes('/node_modules/' + name + '/')
export function assertLoadable(specifier, parent) {
  const missing = absent.find(isOf(specifier))
  const message = "Cannot find package '" + missing + "' imported from " + parent
  if (missing) throw Object.assign(new Error(message), { code: 'ERR_MODULE_NOT_FOUND' })
  if (broken.some(isOf(specifier))) throw new Error('Could not load the module using this runtime')
}
export async function resolve(specifier, context, next) {
  assertLoadable(specifier, context.parentURL)
  return next(specifier, context)
}
`
const url = `data:text/javascript,${encodeURIComponent(hooks)}`
register(url)

const { assertLoadable } = await import(url)
// What `require` asks.
const RESOLVE = '_resolveFilename'
const resolveFilename = Module[RESOLVE]
Module[RESOLVE] = function (specifier, parent, ...rest) {
  assertLoadable(specifier, parent?.filename)
  return resolveFilename.call(this, specifier, parent, ...rest)
}
