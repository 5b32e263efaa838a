import { badRequest } from './api-error.ts'

/** Refuses a value of a parameter with 400, or lets it pass. */
export type Check = (name: string, value: unknown) => void

export const isBoolean: Check = (name, value) => {
  if (typeof value !== 'boolean') throw badRequest(`${name} must be a boolean`)
}

export const isText: Check = (name, value) => {
  if (typeof value !== 'string') throw badRequest(`${name} must be a string`)
}

/** A string of at most so many characters, by code points. */
export function isTextUpTo(limit: number): Check {
  return (name, value) => {
    if (typeof value !== 'string') throw badRequest(`${name} must be a string`)
    if ([...value].length > limit) throw badRequest(`${name} must be at most ${limit} characters`)
  }
}

/** An integer, both ends included. */
export function isInteger(min: number, max: number): Check {
  return (name, value) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) throw badRequest(`${name} must be an integer`)
    if (value < min || value > max) throw badRequest(`${name} must be between ${min} and ${max}`)
  }
}

export function isOneOf(...values: string[]): Check {
  return (name, value) => {
    if (typeof value !== 'string') throw badRequest(`${name} must be a string`)
    if (!values.includes(value)) throw badRequest(`${name} must be one of ${values.map(quote).join(', ')}`)
  }
}

export function isListOf(...values: string[]): Check {
  const isItem = isOneOf(...values)
  return (name, value) => {
    if (!Array.isArray(value)) throw badRequest(`${name} must be an array of strings`)
    for (const item of value) isItem(name, item)
  }
}

function quote(value: string): string {
  return `"${value}"`
}
